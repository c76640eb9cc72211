-- Takes one request of a caller from each of its quotas, or from none, by the generic cell rate algorithm: a key holds the
-- time at which a quota is full again, each request moves it by one interval, and it may run ahead of the clock by burst
-- intervals.
--
-- KEYS  the caller's key for each quota.
-- ARGV  interval, in microseconds, and burst of each quota.
-- Returns 1 or 0: allowed; then for each quota: requests remaining, time until full, time until the next is allowed, in
-- microseconds.
--
-- The clock is the server's, the only one that all replicas share.
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
