"""Which conditions of `allow` fail for a refused request, in words."""

from typing import Any

from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import attribute
from authz.explain.render import comparison_in_words
from authz.explain.tree import Condition, condition_tree, deciding_leaves
from authz.interpreter.evaluate import two_valued

NO_SUBJECT = "the subject is unknown, or the types of subject and resource are not those that the bundle decides on"


def failing_conditions(bundle: Bundle, subject: Any, gathered: Any) -> tuple[str, ...]:
    """The conditions that keep `allow` from holding, each with its place and the values that it compares.

    `subject` is None where the subject is unknown. Empty where `allow` holds.
    """
    if subject is None:
        return (NO_SUBJECT,)
    tree = condition_tree(two_valued(bundle.program, attribute), subject, gathered.action, gathered)
    return tuple(_in_words(leaf, bundle) for leaf in deciding_leaves(tree))


def _in_words(leaf: Condition, bundle: Bundle) -> str:
    path = leaf.span.path.removeprefix(f"{bundle.path}/")
    values = comparison_in_words(leaf, bundle.vocabulary.bare_date_zone) if leaf.operands else ""
    text = f"`{leaf.text}` {'holds' if leaf.holds else 'does not hold'} ({path}:{leaf.span.line})"
    return f"{text}: {values}" if values else text
