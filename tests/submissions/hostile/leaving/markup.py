"""Displays scripts and pages, and puts markup of HTML, Markdown, MathJax and of terminals into its messages.

double: failed
staff: &lt;script&gt;alert
control: none: it is text
"""

# %% double
from IPython.display import HTML, SVG, IFrame, Javascript, Latex, Markdown, display


class Page:
    def _repr_mimebundle_(self, **kwargs):
        return {"text/html": "<b>REACHED</b>", "application/javascript": "REACHED", "text/plain": "plain"}


svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='REACHED'/>"
display(HTML("REACHED"), Javascript("REACHED"), SVG(svg), Markdown("REACHED"), Latex("REACHED"), Page())
display({"text/html": "REACHED", "application/vnd.jupyter.widget-view+json": "REACHED"}, raw=True)
display(IFrame("https://attack.example", 9, 9))


def double(x):
    raise ValueError("</pre><script>alert(1)</script>[red]$\\href{javascript:alert(1)}{x}$ ![x](https://attack.example)")
