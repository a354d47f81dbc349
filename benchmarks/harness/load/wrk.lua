-- Sends the requests of a file in rotation: method, path, header name, header value, body,
-- and perhaps a key for retries.

local requests, count, position = {}, 0, 0

function init(args)
  for line in io.lines(args[1]) do
    local method, path, name, value, body = line:match("^(.-)\t(.-)\t(.-)\t(.-)\t(.*)$")
    local headers = { [name] = value, Host = wrk.headers["Host"] }
    local text, key = body:match("^(.-)\t(.*)$")
    if text then body, headers["Idempotency-Key"] = text, key end
    if body ~= "" then headers["Content-Type"] = "application/json" else body = nil end
    count = count + 1
    requests[count] = wrk.format(method, path, headers, body)
  end
end

function request()
  position = position % count + 1
  return requests[position]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'JSON {"requests":%d,"seconds":%.6f,"bytes":%d,"p50":%.3f,"p95":%.3f,"p99":%.3f,' ..
    '"statuses":%d,"lost":%d,"timeouts":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write, errors.timeout))
end
