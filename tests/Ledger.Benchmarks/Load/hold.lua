-- Holds each coupon of a list once and commits every hold as soon as it is answered: wrk ... -- <list of "merchant code"> <list of "merchant secret"> <run>
-- What it tells as answered are commits, as sent holds. wrk runs it in one thread.
local worker

function setup(thread)
   worker = thread
end

local function head_of(path, secret)
   return "POST " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. secret .. "\r\nContent-Type: application/json\r\nIdempotency-Key: "
end

function init(arguments)
   secrets = {}
   heads = {}
   for line in io.lines(arguments[2]) do
      local merchant, secret = line:match("^(%S+) (%S+)$")
      secrets[merchant] = secret
      heads[merchant] = head_of("/v1/holds", secret)
   end
   next_coupon = io.lines(arguments[1])
   run = arguments[3]
   owners = {}
   held = {}
   first, last = 1, 0
   sent = 0
   commits = 0
   committed = 0
   is_exhausted = 0
end

function request()
   if first <= last then
      local hold = held[first]
      held[first] = nil
      first = first + 1
      local code = hold:match("^(%w+)-h")
      local merchant = owners[code]
      owners[code] = nil
      commits = commits + 1
      return head_of("/v1/holds/" .. hold .. "/commit", secrets[merchant]) .. "till-c" .. run .. "-" .. string.format("%07d", commits) .. "\r\nContent-Length: 2\r\n\r\n{}"
   end
   -- A list that has ended is closed, and connections go on asking until all have stopped.
   local line = is_exhausted == 0 and next_coupon() or nil
   if line == nil then
      is_exhausted = 1
      wrk.thread:stop()
      return "GET /healthz/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
   end
   sent = sent + 1
   local space = line:find(" ", 1, true)
   local merchant, code = line:sub(1, space - 1), line:sub(space + 1)
   owners[code] = merchant
   local number = string.format("%07d", sent)
   local body = '{"code":"' .. code .. '","amount":12900,"store":"s-01","till":"till-1","order":"order-' .. number .. '"}'
   return heads[merchant] .. "till-h" .. run .. "-" .. number .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function response(status, headers, body)
   if status ~= 201 then return end
   local hold = body:match('"holdId":"([^"]+)"')
   if hold == nil then
      committed = committed + 1
   else
      last = last + 1
      held[last] = hold
   end
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"answered":%d,"sent":%d,"exhausted":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d}\n',
      worker:get("committed"), worker:get("sent"), worker:get("is_exhausted"), summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
