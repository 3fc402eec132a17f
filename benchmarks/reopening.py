def run(o): return []
