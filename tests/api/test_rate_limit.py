"""The limits of calls and of evaluations, for each caller and for all."""

import select
from pathlib import Path

import pytest
from authz_api.problems import ProblemError
from authz_api.rate_limit import RateLimiter

from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, serving
from tests.support.service_cases import SARA, add, bearer, eventually


def test_a_finished_call_frees_its_place_and_no_caller_takes_all() -> None:
    limiter = RateLimiter(calls=4)
    taken = [limiter.enter("a"), limiter.enter("a")]
    with pytest.raises(ProblemError) as wrong:
        limiter.enter("a")
    assert (wrong.value.status, wrong.value.headers) == (429, {"retry-after": "1"})
    # Nobody may have more than is left for others.
    taken.append(limiter.enter("b"))
    with pytest.raises(ProblemError) as wrong:
        limiter.enter("b")
    assert wrong.value.status == 429
    taken.append(limiter.enter("c"))
    with pytest.raises(ProblemError) as full:
        limiter.enter("d")
    assert full.value.status == 503
    for quota in taken:
        limiter.leave(quota)
    assert limiter.in_progress == 0 and all(each.in_progress == 0 for each in limiter.quotas.values())
    limiter.leave(limiter.enter("c"))


def test_a_rate_counts_evaluations_and_comes_back_with_time() -> None:
    now = 0.0
    limiter = RateLimiter(rate=10, clock=lambda: now)

    def ask(items: int) -> int:
        try:
            quota = limiter.enter("a")
            quota.left -= items
            limiter.leave(quota)
        except ProblemError as problem:
            return problem.status
        return 200

    assert [ask(5), ask(5), ask(1)] == [200, 200, 429]
    now = 0.5
    assert [ask(100), ask(1)] == [200, 429]
    now = 9.0
    assert ask(1) == 429
    now = 10.5
    assert ask(1) == 200


def test_a_caller_over_its_rate_is_refused_at_once_and_others_are_answered(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    one, other = (bearer(add(file, name, "--right", "evaluate")) for name in ("one", "other"))
    with serving(tmp_path, STUDENT, "--callers", str(file), "--rate", "5") as served:
        responses = [served.post(EVALUATION, SARA, **one) for _ in range(50)]
        assert {each.status_code for each in responses} == {200, 429}
        assert sum(each.status_code == 200 for each in responses) <= 5 + 5 * 30
        refused = next(each for each in responses if each.status_code == 429)
        assert refused.headers["retry-after"] == "1" and "decision" not in refused.json()
        assert served.post(EVALUATION, SARA, **other).status_code == 200


def test_a_slow_sender_does_not_delay_others(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    slow, other = (add(file, name, "--right", "evaluate") for name in ("slow", "other"))
    with serving(tmp_path, STUDENT, "--callers", str(file), "--max-calls", "8") as served:
        head = (
            f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {slow}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        ).encode()
        holder = [served.connect() for _ in range(40)]
        for connection in holder:
            connection.sendall(head)
        # The calls over the slow caller's share are refused, whichever they are; its other calls delay nobody.
        assert eventually(lambda: len(select.select(holder, (), (), 1.0)[0]) == 36)
        refused = select.select(holder, (), (), 0)[0]
        assert {connection.recv(4096)[:12] for connection in refused} == {b"HTTP/1.1 429"}
        assert served.post(EVALUATION, SARA, **bearer(other)).json()["decision"] is True
        for connection in holder:
            connection.close()
        assert eventually(lambda: served.post(EVALUATION, SARA, **bearer(slow)).status_code == 200)
