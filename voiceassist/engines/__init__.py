"""One small adapter per model runtime, behind the protocols in `engines.ports`.

The only place that imports an ML runtime; `engines.registry` chooses by the board's profile.
"""
