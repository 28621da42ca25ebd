"""How fast the service answers while something is published: `python -m benchmarks.service_latency`.

world.py      timelines of given sizes, published by `publish` itself
serving.py    the processes: service and publisher          publisher.py  publishes one timeline over and over
asking.py     many clients at once                          client.py     one of them, in a process of its own
joins.py      the bare joins that bulk is held against      measuring.py  the whole measurement in its turn
page.py       docs/service-benchmarks.md
"""
