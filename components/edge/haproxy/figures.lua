-- The application's figures, which it has as JSON, in Prometheus' words and units: one series for each replica.
-- The application reports latencies in nanoseconds. Figures that it never fills in are left out.

local FIGURES = {
  { json = "total_requests", name = "mimir_requests_total", kind = "counter", help = "Requests since the start." },
  { json = "requests_per_second", name = "mimir_requests_per_second", kind = "gauge", help = "Requests in a second." },
  { json = "error_rate", name = "mimir_request_errors_ratio", kind = "gauge", help = "Share of requests that failed." },
  { json = "average_latency", name = "mimir_request_duration_average_seconds", kind = "gauge",
    help = "Average time for an answer.", scale = 1e-9 },
  { json = "p95_latency", name = "mimir_request_duration_p95_seconds", kind = "gauge",
    help = "Time in which 95 of 100 answers are made.", scale = 1e-9 },
  { json = "p99_latency", name = "mimir_request_duration_p99_seconds", kind = "gauge",
    help = "Time in which 99 of 100 answers are made.", scale = 1e-9 },
}

-- Each address once: a server that stands by is the same process under another name.
local function replicas()
  local found, seen = {}, {}
  for _, standby in ipairs({ "0", "1" }) do
    for name, server in pairs(core.backends["application"].servers) do
      local address = server:get_addr()
      local is_known = address:match("^[%[%x]") and not address:match("unknown")
      if is_known and not seen[address] and tostring(server:get_stats().bck) == standby then
        found[name], seen[address] = address, true
      end
    end
  end
  return found
end

-- The application is not trusted: it may answer without an end, drop by drop, or never. HAProxy's own HTTP client keeps
-- every byte of such an answer. So this one reads byte by byte, each at hand already, until a limit of bytes or time.
local MOST_BYTES, SECONDS, ALL_SECONDS = 65536, 2, 6

local function now()
  local time = core.now()
  return time.sec + time.usec / 1e6
end

-- Bytes until `is_enough` says so, or the other side ends; nothing where it takes too many or too long.
local function read(socket, ends, is_enough)
  local bytes = {}
  while not is_enough(bytes) do
    local byte = #bytes < MOST_BYTES and now() < ends and socket:receive(1)
    if not byte then
      return nil
    end
    bytes[#bytes + 1] = byte
  end
  return table.concat(bytes)
end

local function is_head(bytes)
  return #bytes > 3 and table.concat(bytes, "", #bytes - 3) == "\r\n\r\n"
end

local function figures_of(address, path, ends)
  local host, port = address:match("^(.*):(%d+)$")
  local socket = core.tcp()
  socket:settimeout(SECONDS)
  if now() >= ends or not socket:connect(host:gsub("[%[%]]", ""), tonumber(port)) then
    return nil
  end
  -- To HTTP/1.0 nobody answers in chunks.
  socket:send("GET " .. path .. " HTTP/1.0\r\nHost: " .. address .. "\r\nUser-Agent: mimir-edge\r\n\r\n")
  ends = math.min(ends, now() + SECONDS)
  local head = read(socket, ends, is_head)
  local length = head and head:match("^HTTP/1%.%d 200 ") and tonumber(head:lower():match("content%-length: *(%d+)"))
  local body = length and read(socket, ends, function(bytes) return #bytes >= length end)
  socket:close()
  return body
end

core.register_service("figures", "http", function(applet)
  local bodies, up, ends = {}, {}, now() + ALL_SECONDS
  for name, address in pairs(replicas()) do
    local body = figures_of(address, applet:get_var("txn.figures"), ends)
    up[name] = body and 1 or 0
    bodies[name] = body
  end
  local lines = { "# HELP mimir_up Whether the replica gave its figures.", "# TYPE mimir_up gauge" }
  for name, value in pairs(up) do
    lines[#lines + 1] = string.format('mimir_up{replica="%s"} %d', name, value)
  end
  for _, figure in ipairs(FIGURES) do
    lines[#lines + 1] = string.format("# HELP %s %s", figure.name, figure.help)
    lines[#lines + 1] = string.format("# TYPE %s %s", figure.name, figure.kind)
    for name, body in pairs(bodies) do
      local value = tonumber(body:match('"' .. figure.json .. '"%s*:%s*(-?[%d.eE+-]+)'))
      if value then
        lines[#lines + 1] = string.format('%s{replica="%s"} %.9g', figure.name, name, value * (figure.scale or 1))
      end
    end
  end
  local text = table.concat(lines, "\n") .. "\n"
  applet:set_status(200)
  applet:add_header("content-type", "text/plain; version=0.0.4")
  applet:add_header("content-length", tostring(#text))
  applet:start_response()
  applet:send(text)
end)
