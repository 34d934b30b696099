"""Reads the tables that study wrote with pandas: python read.py [DIR]"""

import sys

import pandas as pd

folder = sys.argv[1] if len(sys.argv) > 1 else "study-out"
metrics = pd.read_csv(f"{folder}/metrics.csv")
synsets = pd.read_csv(f"{folder}/synsets.csv", keep_default_na=False)  # "null" and "nan" are lemmas

# The share of neighbors with the same label that spelling and frequency do not
# explain, by labeling and layer, without shared tokens.
effect = metrics[(metrics.space == "raw") & (metrics.metric == "euclidean") & (metrics.control == "no shared token")
                 & (metrics.measure == "share, effect over null: similar count and kind")]
print(effect.pivot(index="layer", columns="labelling", values="value").round(3))

# The middle of each frequent domain on the map of the last layer.
last = [c for c in synsets if c.startswith("x_layer")][-1].removeprefix("x_layer")
known = synsets[synsets.domain != "None"]
top = known[known.domain.isin(known.domain.value_counts().index[:5])]
print(top.groupby("domain")[[f"x_layer{last}", f"y_layer{last}"]].agg(["median", "count"]).round(1))
