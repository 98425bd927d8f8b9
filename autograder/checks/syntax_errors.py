"""What Python's parser could not read, in a beginner's words."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from autograder.checks.names import is_meant, near

_RULES: Sequence[tuple[str, str]] = (
    (r"'(?P<what>[(\[{])' was never closed", "the bracket `{what}` is opened here and never closed."),
    (
        r"closing parenthesis '(?P<what>.)' does not match opening parenthesis '(?P<other>.)'",
        "the bracket `{other}` is closed with `{what}`: brackets go in pairs.",
    ),
    (r"unmatched '(?P<what>.)'", "the bracket `{what}` closes one that was never opened."),
    (r"expected ':'", "a colon is missing: lines that begin a block (if, for, while, def, class, else) end with `:`."),
    (
        r"Maybe you meant '==' or ':='|Maybe you meant '==' instead of '='",
        "`=` stores a value; two values are compared with `==`.",
    ),
    (
        r"expected an indented block after (?P<what>.*) on line (?P<other>\d+)",
        "the lines that belong to the {what} in line {other} must be indented, by four spaces more than it.",
    ),
    (
        r"unindent does not match|unexpected indent|unexpected unindent",
        "the lines of one block must begin with the same spaces; this line begins with others.",
    ),
    (r"inconsistent use of tabs", "tabs and spaces are mixed here: use spaces everywhere."),
    (
        r"unterminated (?:triple-quoted )?string|unterminated f-string|EOL while scanning",
        "a quote is opened here and never closed.",
    ),
    (r"Missing parentheses in call to 'print'", "print needs brackets: print(x)."),
    (r"Perhaps you forgot a comma", "a comma or an operator is missing between two values."),
    (
        r"positional argument follows keyword argument",
        "an argument without a name stands behind one with a name (`name=value`). A shape such as size=(3, 4) is one "
        "value, in brackets.",
    ),
    (r"keyword argument repeated: (?P<what>\w+)", "the argument `{what}` is given twice."),
    (r"'return' outside function", "this `return` stands in no function: is it indented too little?"),
    (r"'(?P<what>break|continue)' outside|'(?P<other>break|continue)' not properly in loop", "it stands in no loop."),
    (r"cannot assign to", "what stands left of `=` must be a name, an entry such as x[0], or an attribute."),
    (
        r"invalid (?:non-printable )?character",
        "a character that Python does not know stands here; copied text often brings curly quotes or long dashes.",
    ),
    (r"invalid decimal literal", "a name cannot begin with a digit, and a number has no letters in it."),
    (r"expected 'except' or 'finally' block", "a `try:` needs an `except` behind it."),
    (r"f-string", "the text of an f-string cannot be read: mind its brackets {{ }} and its quotes."),
    (r"unexpected EOF|was never", "the file ends in the middle of something: is a bracket or quote not closed?"),
)
_FOREIGN = (
    (r"&&", "Python writes `and`, not `&&`."),
    (r"\|\|", "Python writes `or`, not `||`."),
    (r"\+\+|--\s*$", "Python has no `++`: write `i += 1`."),
    (r"^\s*else\s+if\b", "Python writes `elif`, not `else if`."),
    (r"(?<![=<>])!(?!=)", "Python writes `not`, not `!`."),
    (r"=>", "Python compares with `>=`, not `=>`."),
    (r"=<", "Python compares with `<=`, not `=<`."),
    (r"\bnew\s+\w+\(", "Python has no `new`: an object is made by calling its class."),
    (r"[\w\])]\s*\?.*:", "Python writes `a if condition else b`, not `condition ? a : b`."),
    (r"[\u2018\u2019\u201c\u201d]", "curly quotes were copied from a text: Python needs straight ones."),
    (r"[\u2013\u2014\u2212]", "a dash was copied from a text: minus is the plain `-`."),
)
UNKNOWN = "this is not valid Python: is a bracket, quote or colon missing here or in the line above?"


def syntax_in_words(message: str, line: str) -> str:
    """Why a line is no Python.

    Args:
        message: What Python says, SyntaxError.msg.
        line: The line it says it about.
    """
    without_strings = re.sub(r"'[^']*'|\"[^\"]*\"|#.*", "''", line)
    for pattern, words in _FOREIGN:
        if re.search(pattern, without_strings):
            return words
    for pattern, words in _RULES:
        match = re.search(pattern, message)
        if match:
            return words.format(**match.groupdict())
    return _misspelt_keyword(line) or UNKNOWN


def _misspelt_keyword(line: str) -> str:
    """A line that begins with a keyword, misspelt: `retrun x`."""
    match = re.match(r"\s*([A-Za-z]{2,})(?=\s+[\w(\[\"'-]|\s*:\s*$)", line)
    if match is None or keyword.iskeyword(match[1]):
        return ""
    found = near(match[1], keyword.kwlist)
    return f"`{match[1]}` is no word of Python here: {is_meant(found)}" if found else ""
