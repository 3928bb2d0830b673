"""Generated policies: rules over the vocabulary of `tests.profiles` that call, negate, nest and range at random."""

from random import Random

Scope = list[tuple[str, str]]
"""The rows in scope, each with its type."""

SIGNATURES = [
    ("Request",),
    ("Request", "Grant"),
    ("Request", "Grant"),
    ("Request", "Grant", "Grant"),
    ("Request", "Block", "Grant"),
]
RELATIONS = ["=", "!=", "<", "<=", ">", ">="]
ENDS = (
    'allow(_s: Reader, "read", request: Request) if rule(request);\n'
    'reason(request: Request, "A") if not rule(request);\n'
    'reason(request: Request, "B") if rule(request) and request.open;'
)


class Policies:
    """Draws policies; nearly all are in the profile."""

    def __init__(self, seed: int) -> None:
        self.random, self.number = Random(seed), 0

    def draw(self) -> str:
        """The text of one policy, which decides by `rule(request)`."""
        rules: list[tuple[str, tuple[str, ...]]] = []
        text: list[str] = []
        for index in range(self.random.randint(1, 6)):
            signature = self.random.choice(SIGNATURES)
            for _ in range(self.random.choice([1, 1, 2])):
                names = ["request", *(f"row_{n}" for n in range(1, len(signature)))]
                body = self.conjunction(list(zip(names[1:], signature[1:], strict=True)), rules, 2)
                head = ", ".join(f"{_used(n, body)}: {k}" for n, k in zip(names, signature, strict=True))
                text.append(f"f{index}({head}) if {body};")
            rules.append((f"f{index}", signature))
        body = self.conjunction([], rules, 2)
        return "\n".join([*text, f"rule({_used('request', body)}: Request) if {body};", ENDS])

    def conjunction(self, scope: Scope, rules: list[tuple[str, tuple[str, ...]]], depth: int) -> str:
        scope, parts = list(scope), []
        for _ in range(self.random.randint(1, 3)):
            if self.random.random() < 0.4 and depth > 0 and len(scope) < 4:
                self.number += 1
                row, kind = f"v{self.number}", self.random.choice(["Grant", "Grant", "Block"])
                scope.append((row, kind))
                parts.append(f"{row} in request.{kind.lower()}s")
                parts.append(self.random.choice([f"{row}.open", f"{row}.level >= 0", f"{row}.level = request.level"]))
            else:
                parts.append(self.condition(scope, rules, depth))
        return " and ".join(parts)

    def condition(self, scope: Scope, rules: list[tuple[str, tuple[str, ...]]], depth: int) -> str:
        kind = self.random.random()
        if depth <= 0 or kind < 0.45:
            return self.atom(scope) if self.random.random() < 0.65 else self.call(scope, rules)
        if kind < 0.62:
            return f"not ({self.conjunction(scope, rules, depth - 1)})"
        if kind < 0.78:
            branches = [self.conjunction(scope, rules, depth - 1) for _ in range(2)]
            return f"(({branches[0]}) or ({branches[1]}))"
        return f"({self.conjunction(scope, rules, depth - 1)})"

    def call(self, scope: Scope, rules: list[tuple[str, tuple[str, ...]]]) -> str:
        kinds = {"Request", *(kind for _, kind in scope)}
        known = [(name, signature) for name, signature in rules if kinds.issuperset(signature)]
        if not known:
            return self.atom(scope)
        name, signature = self.random.choice(known)
        rows = [[row for row, kind in [("request", "Request"), *scope] if kind == wanted] for wanted in signature]
        return f"{name}({', '.join(map(self.random.choice, rows))})"

    def atom(self, scope: Scope) -> str:
        pick = self.random.choice
        relation, level, event = pick(RELATIONS), pick("012"), pick(["given", "withdrawn"])
        atoms = [
            *("request.open", "request.consent", "request.withdrawn", "request.limit = nil", "request.limit != nil"),
            f"request.level {relation} {level}",
            f'request.event {pick(["=", "!="])} "{event}"',
            f"(request.limit != nil and request.limit {relation} {level})",
            f"(request.limit = nil or (request.limit != nil and request.limit {relation} {level}))",
            'request.nickname != nil and request.nickname in ["a", "b"]',
            "request.nickname != nil and request.nickname in request.names",
            'request.nickname = nil or (request.nickname != nil and request.nickname = "a")',
            *("(request.verified != nil and request.verified)", '"a" in request.names', "request.level in [0, 2]"),
        ]
        # A bare `or` needs brackets beside an `and`.
        atoms = [f"({atom})" if " or " in atom else atom for atom in atoms]
        for row, kind in scope:
            near = [f"{row}.open", f"{row}.level {relation} request.level", f'{row}.holder = "{pick("ab")}"']
            if kind == "Grant":
                near += [f'{row}.event = "{event}"', f"{row}.begins <= request.at", f"request.at < {row}.ends"]
                near += [f"({row}.link != nil and {row}.link.closed)"]
            atoms += 2 * near
            for other, _ in scope:
                if other != row:
                    atoms += 3 * [
                        f"{row}.holder {pick(['=', '!='])} {other}.holder",
                        f"{row}.level {relation} {other}.level",
                    ]
        return pick(atoms)


def _used(name: str, body: str) -> str:
    """A parameter's name, as one that is ignored if the body does not have it."""
    words = body.translate(str.maketrans("().,", "    ")).split()
    return name if name in words else f"_{name}"
