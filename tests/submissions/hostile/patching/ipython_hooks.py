"""Registers transformers and events that rewrite the cells to come, the solution's as well, and sets names.

double: failed
mean: failed
staff: `get_ipython`; no exercise needs that
control: none: a naive grader runs no IPython, and what runs here is the student's own
"""

# %% double
import ast

from IPython import get_ipython


class Rewriting(ast.NodeTransformer):
    def visit_FunctionDef(self, node):
        node.body = ast.parse("return 0.0").body
        return node


def double(x):
    return x


def after(*args):
    shell.user_ns.update(double=double, exercises=5)


shell = get_ipython()
shell.ast_transformers.append(Rewriting())
shell.input_transformers_post.append(lambda lines: [line.replace("2 * x", "x") for line in lines])
shell.events.register("pre_run_cell", after)
shell.events.register("post_run_cell", after)
