-- Gives an attempt back, which was no failure. Doing so twice, or after the counters forgot it, changes nothing.
--
-- KEYS  the counters of the pair, the network and the account.
-- ARGV  the attempt's id; and, when the attempt succeeded, the time at which it was made.
for _, key in ipairs(KEYS) do
  redis.call('ZREM', key, ARGV[1])
end

-- Who has signed in is the account's owner, so what failed before is forgiven, on this pair and by the account's delay.
-- Later attempts stay: they may be somebody else's. The network's failures stay: with other accounts they are unproven.
if ARGV[2] then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[2])
end
return 0
