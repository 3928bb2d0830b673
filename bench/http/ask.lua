-- Asks, in turn, the bodies of a file (one a line), and prints what was measured as one line of JSON.
-- Called as: wrk ... -s ask.lua URL -- BODIES [KEY]
local asked, turn = {}, 0

function init(args)
  local headers = { ["Content-Type"] = "application/json" }
  if args[2] then
    headers["Authorization"] = "Bearer " .. args[2]
  end
  for body in io.lines(args[1]) do
    asked[#asked + 1] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  turn = turn % #asked + 1
  return asked[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "failed": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
