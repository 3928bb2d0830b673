"""The HTTP service: OpenID AuthZEN Authorization API 1.0 over the decision library.

server.py           settings, checks at start, the granian server
worker.py           the application of one worker process
reload.py           all workers take a new bundle and facts, or none does
app.py              builds the application from its parts
operations.py       metadata, health, readiness, metrics, reload
openapi.py          OpenAPI schemas from the vocabulary
state.py            the policy and facts in use, swapped as one value
http_messages.py    the headers and the body of a request; the response and its headers
rate_limit.py       concurrency and rate, per process and per caller
deadline.py         the time that a call may take
response_delay.py   refusals leave at a fixed delay (timing side channel)
metrics.py          counters and histograms for Prometheus
problems.py         errors for the caller
logs.py             the service's own log
authn/              authentication: authenticator, API keys (callers), tokens (jwt)
authzen/            the endpoints: pipeline, evaluation, evaluations, search
decision_log/       one entry a call, written before the response leaves
"""
