"""Names, input functions and params functions of language.smk. No rules."""

from richlazy.tasks import lstm_settings

LANGUAGE_NAMES = checks.selected_on_language(config)
LANGUAGE_TASKS = {
    name: task
    for name, task in config["tasks"].items()
    if registry.task(task).architecture == "lstm"
}
LANGUAGE_TABLES = ["runs", "spectra", "truncations", "curves"]
LANGUAGE_RESULTS = f"{RESULTS}/experiments/{{language_experiment}}"
LANGUAGE_TABLE = f"{LANGUAGE_RESULTS}/tables/{{table}}.parquet"
LANGUAGE_FIGURE = f"{LANGUAGE_RESULTS}/figures/lstm.{{format}}"
LANGUAGE_CONTRASTS = f"{LANGUAGE_RESULTS}/statistics/contrasts.parquet"


def language_files(*names, format=("pdf", "png")):
    """Statistics and figures of some experiments on language."""
    return collect(LANGUAGE_CONTRASTS, language_experiment=names) + collect(
        LANGUAGE_FIGURE, language_experiment=names, format=format
    )


def publishable_language_files(*names):
    """Small results of some experiments on language: tables, statistics, PNG figures."""
    return [
        *collect(LANGUAGE_TABLE, language_experiment=names, table=LANGUAGE_TABLES),
        *language_files(*names, format=["png"]),
    ]


def registered_sentences(name):
    """The archive of a set of sentences as the registry has it; none where it is bundled."""
    entry = config["sentence_sets"][name].get("entry")
    return SOURCES[entry]["files"][lstm_settings.ARCHIVE] if entry else {}


def sentence_files(wildcards):
    """Input function that gives the files of a set of sentences: the archive, or its members in the folder of the user."""
    settings = config["sentence_sets"][wildcards.sentence_set]
    file = registered_sentences(wildcards.sentence_set)
    if settings["source"] == "folder":
        return {
            part: project_file(Path(settings["folder"], Path(member["member"]).name))
            for part, member in file["members"].items()
        }
    archive = DOWNLOADED_SOURCE.format(
        source=settings.get("entry"), file=file.get("file")
    )
    return {"archive": archive} if file else {}


def sentence_checksums(wildcards):
    """The archive without its mirrors: an added one is no reason to read it again."""
    file = registered_sentences(wildcards.sentence_set)
    return {key: value for key, value in file.items() if key not in ("file", "mirrors")}


def word_vector_settings(wildcards):
    """How the vectors of the words are made; the path of a file is an input."""
    settings = config["word_vectors"][wildcards.word_vectors]
    return {key: value for key, value in settings.items() if key != "file"}


def word_vector_file(wildcards):
    """Input function that gives the file of the user with vectors of words, where there is one."""
    file = config["word_vectors"][wildcards.word_vectors].get("file")
    return {"file": project_file(file)} if file else {}


def sentences_of_task(wildcards):
    """Input function that gives the sentences of a task."""
    task = config["tasks"][wildcards.language_task]
    return f"{RESULTS}/sentences/{task['sentences']}.npz"


def vectors_of_task(wildcards):
    """Input function that gives the vectors of the words of a task."""
    task = config["tasks"][wildcards.language_task]
    return f"{RESULTS}/word_vectors/{task['sentences']}/{task['word_vectors']}.npy"


def description_of_network(wildcards):
    """What tables say of a network that reads sentences."""
    task = config["tasks"][wildcards.language_task]
    vectors = config["word_vectors"][task["word_vectors"]]
    entry = config["sentence_sets"][task["sentences"]].get("entry")
    bundled = "synthetic sentences made by rule, not data"
    return {
        "task": wildcards.language_task,
        "seed": int(wildcards.seed),
        "corpus": SOURCES[entry]["title"].partition(",")[0] if entry else bundled,
        "word_vectors": (
            Path(vectors["file"]).name
            if vectors["source"] == "file"
            else f"fixed random vectors of {vectors['dimensions']} dimensions, seed {vectors['seed']}"
        ),
        "epochs": config["lstm"]["epochs"],
    }


def language_networks(file):
    """Input function that gives one file of every network of an experiment on language."""

    def files(wildcards):
        experiment = config["language_experiments"][wildcards.language_experiment]
        return [
            f"{RESULTS}/language/task~{experiment['task']}/seed~{seed}/{file}"
            for seed in lstm_settings.seeds(experiment)
        ]

    return files


def language_setting(key):
    """Params function that gives one setting of the experiment on language of the job."""

    def setting(wildcards):
        return config["language_experiments"][wildcards.language_experiment][key]

    return setting


def drawn_weights(wildcards):
    """Weights of which the figure of an experiment on language has a panel each."""
    experiment = config["language_experiments"][wildcards.language_experiment]
    return experiment.get("draw", experiment["weights"])


def sentiment_minutes(wildcards, attempt):
    """Minutes to train a network: about 13 s an epoch of the treebank with 256 units on one core, times three."""
    return (
        5 + config["lstm"]["epochs"] * (config["lstm"]["units"] / 256) ** 2
    ) * attempt
