-- For wrk: one request per Cookie header on standard input, round and round.
local requests = {}

function init(args)
  for line in io.stdin:lines() do
    requests[#requests + 1] = wrk.format("GET", "/", {
      ["Host"] = "www.example.com",
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
      ["Accept"] = "text/html,application/json;q=0.9,*/*;q=0.8",
      ["Accept-Language"] = "en-GB,en;q=0.5",
      ["X-Forwarded-For"] = "203.0.113.7",
      ["X-Forwarded-Proto"] = "https",
      ["Cookie"] = line,
    })
  end
end

local at = 0

function request()
  at = at + 1
  if at > #requests then at = 1 end
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '\nJSON {"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed
  ))
end
