-- Counts one login attempt in all three counters, or in none.
--
-- KEYS  the counters of the pair, the network and the account: sorted sets of attempts, scored by their times.
-- ARGV  the attempt's id; settle; then for the pair: limit, window; for the network: limit, window;
--       for the account: free, window, first delay, longest delay. Times are in microseconds.
-- Returns {0, time of the attempt}, or {time to wait, 0}.
--
-- The time is that of the Redis server, the only clock that all replicas share.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local id, settle = ARGV[1], tonumber(ARGV[2])

-- count removes the attempts that have left the window and returns the number of the others.
local function count(key, window)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - window))
  return redis.call('ZCARD', key)
end

-- full returns how long a counter stays at its limit: until its oldest attempt leaves the window, or until the oldest
-- of those that may still be released is settled.
local function full(key, limit, window)
  if count(key, window) < limit then
    return 0
  end
  local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  local settled = string.format('(%.0f', now - settle)
  local open = redis.call('ZRANGEBYSCORE', key, settled, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local wait = oldest[2] + window - now
  if open[2] then
    wait = math.min(wait, open[2] + settle - now)
  end
  return math.max(wait, 1)
end

-- delayed returns how long the account must still wait after its last attempt, or until that attempt is settled.
local function delayed(key, free, window, first, longest)
  local attempts = count(key, window)
  if attempts < free then
    return 0
  end
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  local wait = last[2] + math.min(first * 2 ^ (attempts - free), longest) - now
  local settling = last[2] + settle - now
  if settling > 0 then
    wait = math.min(wait, settling)
  end
  return math.max(wait, 0)
end

local pair = { limit = tonumber(ARGV[3]), window = tonumber(ARGV[4]) }
local network = { limit = tonumber(ARGV[5]), window = tonumber(ARGV[6]) }
local account = {
  free = tonumber(ARGV[7]), window = tonumber(ARGV[8]),
  first = tonumber(ARGV[9]), longest = tonumber(ARGV[10]),
}

local wait = math.max(
  full(KEYS[1], pair.limit, pair.window),
  full(KEYS[2], network.limit, network.window),
  delayed(KEYS[3], account.free, account.window, account.first, account.longest))
if wait > 0 then
  return { wait, 0 }
end

for i, counter in ipairs({ pair, network, account }) do
  redis.call('ZADD', KEYS[i], string.format('%.0f', now), id)
  redis.call('PEXPIRE', KEYS[i], string.format('%.0f', math.ceil(counter.window / 1000)))
end
return { 0, now }
