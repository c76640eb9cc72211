-- Takes one request from each of a client's quotas, or from none, by the generic cell rate algorithm. A key holds the
-- time at which its quota is full again. Each request moves that time by one interval; it may be ahead of the clock
-- by at most burst intervals.
--
-- KEYS  one key of the client for each quota.
-- ARGV  for each quota: interval in microseconds, burst.
-- Returns 1 (allowed) or 0; then for each quota: requests remaining, time until full, time until the next is allowed,
-- in microseconds.
--
-- The time is that of the Redis server, the only clock that all replicas share.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full, allowed = {}, 1
for n, key in ipairs(KEYS) do
  full[n] = math.max(tonumber(redis.call('GET', key) or 0), now)
  if full[n] + ARGV[2 * n - 1] - now > ARGV[2 * n - 1] * ARGV[2 * n] then allowed = 0 end
end

local answer = { allowed }
for n, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
  local after = full[n] + interval * allowed
  if allowed == 1 then
    redis.call('SET', key, string.format('%.0f', after), 'PX', string.format('%.0f', math.ceil((after - now) / 1000)))
  end
  local left = math.max(interval * burst - (after - now), 0)
  answer[#answer + 1] = math.floor(left / interval)
  answer[#answer + 1] = after - now
  answer[#answer + 1] = math.max(interval - left, 0)
end
return answer
