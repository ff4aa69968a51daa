"""JavaScript of the chart library in one file, from the package that carries it: nothing is downloaded."""

import vl_convert

from richlazy.storage import array_io, jobs

if __name__ == "__main__":
    with jobs.running(snakemake, "vl-convert-python"):
        array_io.save_text(snakemake.output[0], vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
