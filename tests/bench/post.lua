-- SPDX-License-Identifier: MIT
-- wrk: the request of a benchmark, from the environment.
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
wrk.headers["Content-Type"] = "application/json"
local f = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
wrk.body = f:read("*a")
f:close()

function done(summary, latency)
	local e = summary.errors
	io.write(string.format("BENCH %d %d %d\n", summary.requests,
	    summary.duration,
	    e.connect + e.read + e.write + e.status + e.timeout))
end
