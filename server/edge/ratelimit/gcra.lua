-- Books the requests that a replica has allowed itself. Then it takes one request from each of a client's quotas, or
-- from none, by the generic cell rate algorithm. A key holds the time at which its quota is full again. Each request
-- moves that time by one interval; it may be ahead of the clock by at most burst intervals.
--
-- KEYS  one key for each quota.
-- ARGV  1 to take a request, 0 to only book; then for each quota: interval in microseconds, burst, number of requests to
--       book, and the time until the quota is full as far as the replica knows, in microseconds.
-- Returns 1 (allowed) or 0; then for each quota the time until it is full, in microseconds.
--
-- The time is that of the Redis server, the only clock that all replicas share.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full, take = {}, tonumber(ARGV[1])
for n, key in ipairs(KEYS) do
  local interval, burst, used, known = ARGV[4 * n - 2], ARGV[4 * n - 1], tonumber(ARGV[4 * n]), ARGV[4 * n + 1]
  full[n] = tonumber(redis.call('GET', key) or 0)
  -- The requests to book are not newer than what the replica knows, and other replicas may have booked since.
  if used > 0 then full[n] = math.max(full[n] + used * interval, now + known) end
  full[n] = math.max(full[n], now)
  if full[n] + interval - now > interval * burst then take = 0 end
end

local answer = { take }
for n, key in ipairs(KEYS) do
  local after = full[n] + ARGV[4 * n - 2] * take
  if after > now and (take == 1 or ARGV[4 * n] ~= '0') then
    redis.call('SET', key, string.format('%.0f', after), 'PX', string.format('%.0f', math.ceil((after - now) / 1000)))
  end
  answer[#answer + 1] = after - now
end
return answer
