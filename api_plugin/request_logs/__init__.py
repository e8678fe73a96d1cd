"""One log of a request: what its actions wrote, on workers and in triggerers, and what PAO told of it meanwhile."""
