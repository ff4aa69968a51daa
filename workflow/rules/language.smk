"""Networks that read sentiment: Figure 5 of Schuessler et al. 2020, from sentences to its figure.

Reads   data/sources.yaml; configuration: sentence_sets, word_vectors, lstm, language_experiments; files of the user
Writes  sentences/{sentence_set}.npz, .json                    indices of the words of each sentence, padded; vocabulary
        word_vectors/{sentence_set}/{word_vectors}.npy         (words, D) float32
        language/task~{task}/seed~{seed}/network.npz           weights before and after training
        language/task~{task}/seed~{seed}/history.json          losses and accuracies of each epoch, divergence
        language/task~{task}/seed~{seed}/measures.json         norms, singular values, truncations
        experiments/{experiment}/tables/runs.parquet, spectra.parquet, truncations.parquet, curves.parquet
        experiments/{experiment}/statistics/contrasts.parquet
        experiments/{experiment}/figures/lstm.pdf, lstm.png
"""


include: "language_inputs.smk"


wildcard_constraints:
    sentence_set=one_of(config["sentence_sets"]),
    word_vectors=one_of(config["word_vectors"]),
    language_task=one_of(LANGUAGE_TASKS),
    language_experiment=one_of(config["language_experiments"]),
    seed="[0-9]+",


rule prepare_sentences:
    """Write the sentences of a set as indices of the words of its training set."""
    input:
        unpack(sentence_files),
        library=library("prepare_sentences.py"),
    output:
        indices=f"{RESULTS}/sentences/{{sentence_set}}.npz",
        vocabulary=f"{RESULTS}/sentences/{{sentence_set}}.json",
    log:
        f"{RESULTS}/logs/prepare_sentences/{{sentence_set}}.log",
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        file=sentence_checksums,
        lower_case=lambda wildcards: config["sentence_sets"][wildcards.sentence_set][
            "lower_case"
        ],
    message:
        "Sentences of {wildcards.sentence_set}"
    script:
        "../scripts/prepare_sentences.py"


rule embed_words:
    """Give each word of a training set its fixed vector, from a file of the user or at random."""
    input:
        unpack(word_vector_file),
        vocabulary=f"{RESULTS}/sentences/{{sentence_set}}.json",
        library=library("embed_words.py"),
    output:
        f"{RESULTS}/word_vectors/{{sentence_set}}/{{word_vectors}}.npy",
    log:
        f"{RESULTS}/logs/embed_words/{{sentence_set}}/{{word_vectors}}.log",
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        settings=word_vector_settings,
    message:
        "Word vectors {wildcards.word_vectors} of {wildcards.sentence_set}"
    script:
        "../scripts/embed_words.py"


rule train_sentiment:
    """Train a two-layer LSTM on the sentiment of sentences and keep its weights before and after."""
    input:
        sentences=sentences_of_task,
        vectors=vectors_of_task,
        library=library("train_sentiment.py"),
    output:
        network=f"{RESULTS}/language/task~{{language_task}}/seed~{{seed}}/network.npz",
        history=f"{RESULTS}/language/task~{{language_task}}/seed~{{seed}}/history.json",
    log:
        f"{RESULTS}/logs/train_sentiment/task~{{language_task}}/seed~{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_sentiment/task~{{language_task}}/seed~{{seed}}.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=sentiment_minutes,
    params:
        settings=collect_settings(
            "lstm",
            [
                "units",
                "dropout",
                "learning_rate",
                "batch_size",
                "epochs",
                "divergence_loss",
            ],
        ),
        seed=lambda wildcards: int(wildcards.seed),
    message:
        "Training on {wildcards.language_task}, seed {wildcards.seed}"
    script:
        "../scripts/train_sentiment.py"


rule measure_sentiment:
    """Measure what training changed in an LSTM, and the accuracy after truncation to every rank."""
    input:
        network=rules.train_sentiment.output.network,
        history=rules.train_sentiment.output.history,
        sentences=sentences_of_task,
        vectors=vectors_of_task,
        library=library("measure_sentiment.py"),
    output:
        f"{RESULTS}/language/task~{{language_task}}/seed~{{seed}}/measures.json",
    log:
        f"{RESULTS}/logs/measure_sentiment/task~{{language_task}}/seed~{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure_sentiment/task~{{language_task}}/seed~{{seed}}.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        settings=collect_settings("lstm", ["truncation_ranks", "accuracy_margin"]),
        run=description_of_network,
    message:
        "Truncating the LSTM on {wildcards.language_task}, seed {wildcards.seed}"
    script:
        "../scripts/measure_sentiment.py"


rule tabulate_sentiment:
    """Collect the networks of an experiment on language into tables."""
    input:
        measures=language_networks("measures.json"),
        histories=language_networks("history.json"),
        library=library("tabulate_sentiment.py"),
    output:
        **{name: LANGUAGE_TABLE.replace("{table}", name) for name in LANGUAGE_TABLES},
    log:
        f"{RESULTS}/logs/tabulate_sentiment/{{language_experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        weights=language_setting("weights"),
        parts=language_setting("parts"),
    message:
        "Tables of {wildcards.language_experiment}"
    script:
        "../scripts/tabulate_sentiment.py"


rule compare_parts:
    """Test how parts of the weights of LSTMs differ, paired by seed."""
    input:
        runs=rules.tabulate_sentiment.output.runs,
        library=library("compare_parts.py"),
    output:
        LANGUAGE_CONTRASTS,
    log:
        f"{RESULTS}/logs/compare_parts/{{language_experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        measures=language_setting("measures"),
        settings=collect_settings(
            "statistics", ["confidence_level", "bootstrap_resamples"]
        ),
    message:
        "Statistics of {wildcards.language_experiment}"
    script:
        "../scripts/compare_parts.py"


rule plot_sentiment:
    """Draw singular values, accuracy after truncation and the course of training, as Figure 5 of the paper."""
    input:
        **{name: rules.tabulate_sentiment.output[name] for name in LANGUAGE_TABLES},
        library=library("plot_sentiment.py"),
    output:
        pdf=LANGUAGE_FIGURE.replace("{format}", "pdf"),
        png=report(
            LANGUAGE_FIGURE.replace("{format}", "png"),
            caption="../report/lstm.rst",
            category="Figures",
            subcategory="{language_experiment}",
            labels={"figure": "LSTM on sentiment"},
        ),
    log:
        f"{RESULTS}/logs/plot_sentiment/{{language_experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        weights=drawn_weights,
        title=language_setting("title"),
        source=language_setting("source"),
        settings=lookup(within=config, dpath="figures"),
    message:
        "Figure of {wildcards.language_experiment}"
    script:
        "../scripts/plot_sentiment.py"


# Every selected experiment on language is a target of its own name, such as `snakemake schuessler_figure_5`.
for experiment in LANGUAGE_NAMES:

    rule:
        """Build tables, statistics and figure of this experiment on language."""
        name:
            experiment
        input:
            language_files(experiment),
