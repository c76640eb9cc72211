-- Takes a lease, or extends it. Leases that nobody extends expire.
--
-- KEYS  the leases of one client, a sorted set of ids by the time at which they expire, in microseconds.
-- ARGV  the lease's id, how many leases there may be, and their duration in microseconds.
-- Returns 1, or 0 if there are as many leases already.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) and not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 0
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[3] / 1000))
return 1
