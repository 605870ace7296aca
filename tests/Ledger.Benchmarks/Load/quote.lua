-- Asks for a quote of one coupon of a list after the other, and again from the first: wrk ... -- <list of "merchant code"> <list of "merchant secret">
-- An answer that says another thing than a discount counts as refused. wrk runs it in one thread.
local worker

function setup(thread)
   worker = thread
end

function init(arguments)
   heads = {}
   for line in io.lines(arguments[2]) do
      local merchant, secret = line:match("^(%S+) (%S+)$")
      heads[merchant] = "POST /v1/quotes HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. secret
         .. "\r\nContent-Type: application/json\r\nContent-Length: "
   end
   list = arguments[1]
   next_coupon = io.lines(list)
   sent = 0
   without = 0
end

function request()
   local line = next_coupon()
   if line == nil then
      next_coupon = io.lines(list)
      line = next_coupon()
   end
   sent = sent + 1
   local space = line:find(" ", 1, true)
   local body = '{"codes":["' .. line:sub(space + 1) .. '"],"amount":12900,"store":"s-01","till":"till-1"}'
   return heads[line:sub(1, space - 1)] .. #body .. "\r\n\r\n" .. body
end

function response(status, headers, body)
   if not body:find('"redeemable":true', 1, true) then without = without + 1 end
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"answered":%d,"sent":%d,"exhausted":0,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d}\n',
      summary.requests, worker:get("sent"), summary.duration, errors.status + worker:get("without"),
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
