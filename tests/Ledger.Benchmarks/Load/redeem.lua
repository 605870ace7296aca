-- Redeems each coupon of a list once. wrk runs it in one thread: wrk ... -- <list of "merchant code"> <list of "merchant secret"> <run>
local worker

function setup(thread)
   worker = thread
end

function init(arguments)
   heads = {}
   for line in io.lines(arguments[2]) do
      local merchant, secret = line:match("^(%S+) (%S+)$")
      heads[merchant] = "POST /v1/redemptions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. secret
         .. "\r\nContent-Type: application/json\r\nIdempotency-Key: "
   end
   next_coupon = io.lines(arguments[1])
   run = arguments[3]
   sent = 0
   is_exhausted = 0
end

function request()
   -- A list that has ended is closed, and connections go on asking until all have stopped.
   local line = is_exhausted == 0 and next_coupon() or nil
   if line == nil then
      is_exhausted = 1
      wrk.thread:stop()
      return "GET /healthz/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
   end
   sent = sent + 1
   local space = line:find(" ", 1, true)
   local number = string.format("%07d", sent)
   local body = '{"code":"' .. line:sub(space + 1) .. '","amount":12900,"store":"s-01","till":"till-1","order":"order-' .. number .. '"}'
   return heads[line:sub(1, space - 1)] .. "till-" .. run .. "-" .. number .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"answered":%d,"sent":%d,"exhausted":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d}\n',
      summary.requests, worker:get("sent"), worker:get("is_exhausted"), summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
