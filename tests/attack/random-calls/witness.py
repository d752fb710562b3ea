"""Whether another component worked on. How many calls there were is the
attacker's word: nothing outside counts them."""

from tests.attack.score import means
from tests.attack.witnesses import Breach

CALLS = 1_000_000
SHARE = 0.9       # of what it got done beside a quiet attacker


def said(attempt, word):
    found = [l.split()[1:] for l in attempt.said if l.split()[0] == word]
    assert len(found) == 1, f"the attacker did not say {word}"
    return [int(number) for number in found[0][:2] if number.isdigit()]


def goes_on(attempt):
    """the score of another component, in a dump of its page: it got as much done as before the million calls"""
    assert said(attempt, "calls")[0] >= CALLS
    before, during = means(attempt, said(attempt, "quiet"),
                           said(attempt, "storm"))
    if during < SHARE * before:
        raise Breach(f"the worker got {during / before:.0%} done")
