"""One HTML page about any number of runs: what they scored, how they learned, who judged, and every word that was said.

``folders`` finds the runs, ``transcripts`` and ``figures`` make plain data of them, ``page`` puts the data into one
file with its style and script, and ``server`` follows runs that still go on.
"""
