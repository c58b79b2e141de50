import sys
from pyspark import SparkContext
sc = SparkContext(appName="words")
sc.setLogLevel("ERROR")
counts = (sc.textFile(sys.argv[1], 16)
            .flatMap(lambda line: line.split())
            .map(lambda word: (word, 1))
            .reduceByKey(lambda one, other: one + other, 4))
counts.saveAsTextFile(sys.argv[2])
sc.stop()
