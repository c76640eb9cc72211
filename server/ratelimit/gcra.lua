-- Takes one request of a caller, by the generic cell rate algorithm: one key holds the time at which the caller's quota
-- is full again, each request moves it by one interval, and it may run ahead of the clock by burst intervals.
--
-- KEYS  the caller's key.
-- ARGV  interval, in microseconds; burst.
-- Returns {1 or 0: allowed, requests remaining, time until full, time until the next is allowed}, in microseconds.
--
-- The clock is the server's, the only one that all replicas share.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])

local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local after = full + interval
local ahead = after - now - interval * burst
if ahead > 0 then
  return { 0, 0, full - now, ahead }
end

redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', string.format('%.0f', math.ceil((after - now) / 1000)))
return { 1, math.floor(-ahead / interval), after - now, 0 }
