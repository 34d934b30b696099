"""Makes table.csv: the table of SYSIF's get_df_amap (with string=True) for some
tokens of amap-small-fp16_position.pickle, as pandas writes it without its index.

    python table.py > table.csv
"""
import pickle, sys
import pandas as pd

amap = pickle.load(open("amap-small-fp16_position.pickle", "rb"))
tokens = [2, 3, 17, 40, 99, 115]  # 17 never occurred, 115 is a position
names = [" hat", 'a,"b"', "\n", "#x", "é", "[POS_15]"]
tables = []
for mode, layers in amap.items():
    for n, x in enumerate(layers):
        x = x[tokens].t().clone()  # as filter_amap leaves it
        t = pd.DataFrame(x, columns=names)
        t["#unit"] = [f"{n}_{i}" for i in range(len(x))]
        t["#mode"] = mode
        t["#layer"] = n
        t["#mean"] = x.mean(-1).tolist()
        tables.append(t)
table = pd.concat(tables)
halves = table.select_dtypes(include="float16")  # amap_main.py converts them, too
table[halves.columns] = halves.astype("float32")
table.to_csv(sys.stdout, index=False)
