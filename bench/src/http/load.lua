-- For wrk: one request per Cookie header on standard input, round and round. Its arguments are the path, then names and values of headers.
local requests = {}

function init(args)
  local headers = {}
  for at = 2, #args, 2 do
    headers[args[at]] = args[at + 1]
  end
  for line in io.stdin:lines() do
    headers["Cookie"] = line
    requests[#requests + 1] = wrk.format("GET", args[1], headers)
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
