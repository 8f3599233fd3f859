"""Checks of a game, of one's own too: ``selftaught.validation.checks.findings(Subject("my.games:Sums"))``.

Nothing here imports the checks before they are needed: fresh processes load this package, too.
"""

from selftaught.validation.subject import Finding, Subject, position
from selftaught.validation.texts import HOSTILE

__all__ = ["HOSTILE", "Finding", "Subject", "position"]
