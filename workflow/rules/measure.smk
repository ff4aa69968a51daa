"""Measures of change: one job per network, or per condition with all its seeds; never training.

Reads   network.npz and history.json of each network, its probe; configuration: probe
Writes  runs/{run}/measures.json   parameters, outcome and all measures of the run
"""

for kind, (folders, members) in NETWORK_JOBS.items():

    rule:
        """Measure what learning changed in networks: weights, representation, tangent kernel."""
        name:
            f"measure_{kind}"
        input:
            network=files_of_networks(members, "network.npz"),
            history=files_of_networks(members, "history.json"),
            probe=stage_inputs(members, experiments.probe_path, "trials", "probe.npz"),
            decision=stage_inputs(
                members, experiments.probe_path, "trials", "decision.npy"
            ),
            description=stage_inputs(
                members[:1], experiments.probe_path, "trials", "task.json"
            ),
            library=library("measure_networks.py"),
        output:
            measures=files_of_networks(members, "measures.json"),
        log:
            f"{RESULTS}/logs/measure/{{networks}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/measure/{{networks}}.tsv"
        wildcard_constraints:
            networks=folders_of_jobs(folders),
        group:
            GROUP_OF_NETWORKS
        conda:
            "../../envs/compute.yaml"
        threads: 1
        resources:
            mem_mb=measuring_memory(members),
            runtime=measuring_minutes(members),
            gpu=GPU,
        params:
            runs=parameters_of_networks(members),
            settings=measuring_settings(members),
            device=lookup(within=config, dpath="training/device"),
        message:
            "Measuring {wildcards.networks}"
        script:
            "../scripts/measure_networks.py"
