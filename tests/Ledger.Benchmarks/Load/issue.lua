-- Issues coupons of one campaign. wrk runs it in one thread: wrk ... -- <campaign> <list of "merchant secret"> <run> <members> <most requests>
local worker

function setup(thread)
   worker = thread
end

function init(arguments)
   campaign = arguments[1]
   for line in io.lines(arguments[2]) do
      local merchant, secret = line:match("^(%S+) (%S+)$")
      if merchant == "issuer" then
         head = "POST /v1/coupons HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. secret
            .. "\r\nContent-Type: application/json\r\nIdempotency-Key: "
      end
   end
   run = arguments[3]
   members = tonumber(arguments[4])
   most = tonumber(arguments[5])
   sent = 0
   is_exhausted = 0
end

function request()
   if sent >= most then
      is_exhausted = 1
      wrk.thread:stop()
      return "GET /healthz/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
   end
   sent = sent + 1
   local member = string.format("member-%s-%07d", run, sent % members)
   local body = '{"campaign":"' .. campaign .. '","member":"' .. member .. '","channel":"PAY_SUCCESS"}'
   return head .. "issue-" .. run .. "-" .. sent .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"answered":%d,"sent":%d,"exhausted":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d}\n',
      summary.requests, worker:get("sent"), worker:get("is_exhausted"), summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
