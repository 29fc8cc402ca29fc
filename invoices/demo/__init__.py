"""
The demo: a company that one believes, with the codes that people really type. Rows only; `loading` writes them.

`world.build` puts everything together, `world.truths` says which written code is which supply's. Nothing here draws
from the global chance, nor looks at the clock: the same rows come out each time.
"""
