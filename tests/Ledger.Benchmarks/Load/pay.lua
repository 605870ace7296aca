-- Books payments of many merchants, each by a member of its own. wrk runs it in one thread: wrk ... -- <list of "merchant secret"> <merchants> <run>
local worker

function setup(thread)
   worker = thread
end

function init(arguments)
   heads = {}
   local most = tonumber(arguments[2])
   for line in io.lines(arguments[1]) do
      local merchant, secret = line:match("^(%S+) (%S+)$")
      if merchant:match("^m%d+$") and #heads < most then
         heads[#heads + 1] = "POST /v1/payments HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. secret
            .. "\r\nContent-Type: application/json\r\nIdempotency-Key: "
      end
   end
   run = arguments[3]
   sent = 0
end

function request()
   sent = sent + 1
   local trade = run .. "-" .. sent
   local body = '{"trade":"' .. trade .. '","amount":4200,"fundChannel":"balance","member":"m-' .. trade .. '"}'
   return heads[sent % #heads + 1] .. trade .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"answered":%d,"sent":%d,"exhausted":0,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d}\n',
      summary.requests, worker:get("sent"), summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
