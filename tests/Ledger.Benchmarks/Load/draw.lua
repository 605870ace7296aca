-- Draws the Fu cards of a list, each once. wrk runs it in one thread: wrk ... -- <list of "user ref" or "user ref merchant"> <secret> <campaign>
local worker

function setup(thread)
   worker = thread
end

function init(arguments)
   path = "POST /v1/fu-campaigns/" .. arguments[3] .. "/hands/"
   head = "/draws HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. arguments[2] .. "\r\nContent-Type: application/json\r\nIdempotency-Key: "
   next_draw = io.lines(arguments[1])
   sent = 0
   is_exhausted = 0
end

function request()
   local line = nil
   if is_exhausted == 0 then
      line = next_draw()
   end
   if line == nil then
      is_exhausted = 1
      wrk.thread:stop()
      return "GET /healthz/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
   end
   sent = sent + 1
   local user, ref, merchant = line:match("^(%S+) (%S+) ?(%S*)$")
   local body = '{"source":"scan","ref":"' .. ref .. '"}'
   if merchant ~= "" then
      body = '{"source":"shops","ref":"' .. ref .. '","merchant":"' .. merchant .. '"}'
   end
   return path .. user .. head .. "draw-" .. ref .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"answered":%d,"sent":%d,"exhausted":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d}\n',
      summary.requests, worker:get("sent"), worker:get("is_exhausted"), summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
