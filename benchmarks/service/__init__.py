"""How fast the service answers while something is published: `python -m benchmarks.service_latency`.

    world.py     timelines of given sizes, published by `publish` itself       serving.py    the processes: service, publisher
    asking.py    one client, and what it measured                              joins.py      the bare joins that bulk is held against
    page.py      docs/service-benchmarks.md
"""
