-- Removes an attempt that did not fail from its counters. Removing it twice, or after it has expired, changes nothing.
--
-- KEYS  the counters of the pair, the network and the account.
-- ARGV  the attempt's id; and, if the login succeeded, the time of the attempt.
for _, key in ipairs(KEYS) do
  redis.call('ZREM', key, ARGV[1])
end

-- A successful login proves that the account's owner made the earlier attempts, so they are removed from the counters
-- of the pair and the account. Later attempts stay: somebody else may have made them. The network's failures stay:
-- they may concern other accounts.
if ARGV[2] then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[2])
end
return 0
