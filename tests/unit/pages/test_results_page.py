"""The page of results says everything once, needs no other file, and can be read by everyone."""

import base64
import functools
import gzip
import itertools
import json
import re
from html import unescape

import numpy as np
import pytest

from result_pages import METHODS, NASTY, ROOT, Page, claim, described, runs, write
from richlazy.pages import documents, results_page
from richlazy.statistics import verdicts


@pytest.fixture
def given(tmp_path):
    """Function that writes results and gives what their page is made of."""
    return functools.partial(write, tmp_path)


def page_of(given) -> Page:
    page = Page(results_page.render(given))
    assert page.open == []
    return page


def data_of(page: Page, name: str) -> dict:
    packed = re.search(rf'id="data-{name}">([^<]+)<', page.text)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_each_verdict_stands_once_in_the_table_and_once_beside_its_evidence(given):
    page = page_of(given())
    identities = [attributes.get("id", "") for _, attributes in page.elements]
    assert sorted(one for one in identities if one.startswith("verdict-")) == [
        "verdict-liu2024-one",
        "verdict-liu2024-two",
    ]
    assert sorted(one for one in identities if one.startswith("claim-")) == ["claim-liu2024-one", "claim-liu2024-two"]
    assert len(set(identities) - {""}) == len([one for one in identities if one])
    assert "tangent kernel alignment, all weights: +0.5 [+0.4, +0.6]" in page.text


def test_a_bar_says_how_far_the_reproduction_is(given):
    page = page_of(given())
    bar = page.text[page.text.index('<div class="standing"') :].partition("</ul>")[0]
    assert re.findall(r"--share: (\d+)", bar) == ["1", "1"]
    assert re.findall(r"<span>([^<]+)<", bar) == ["1 supported", "1 not run"]
    assert '<i class="not-run"' in bar and '<li class="not-run"' in bar


def test_what_was_not_run_is_folded(given):
    page = page_of(given())
    folded = page.text[page.text.index("<summary>1 not run</summary>") :]
    assert "verdict-liu2024-two" in folded and "verdict-liu2024-one" not in folded


def test_every_figure_has_a_section_with_its_command_data_and_what_the_paper_shows(given):
    both = described() | described("figure_2", source="Liu et al. 2024, Figure 2", title="Another")
    page = page_of(given({"figure_1": runs(), "figure_2": runs()}, experiments=both))
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections == ["figure-figure_1", "figure-figure_2"]
    for name in both:
        assert f"snakemake {name} --configfile tiny.yaml" in page.text
        assert {"data-csv": name}.items() <= page.all("button")[list(both).index(name)].items()
        assert len(data_of(page, name)["rows"]) == 12
    assert page.text.count("Lower rank learns richer.") == 2


def test_a_row_of_the_data_is_a_network_with_its_values_and_its_path(given):
    data = data_of(page_of(given()), "figure_1")
    row = dict(zip(data["columns"], data["rows"][4], strict=True))
    assert row["path"] == "results/runs/2AF/30/1/network.npz"
    assert (row["panel"], row["condition"], row["seed"], row["state"]) == ("2AF", 30, 1, "converged")
    assert row["kernel_alignment"] == pytest.approx(0.11)
    assert data["names"] == {"condition": "rank"}


def test_medians_leave_out_what_the_tests_leave_out(given):
    table = runs(tasks=["2AF"])
    table.loc[table["seed"] == 0, "failed"] = True
    data = data_of(page_of(given({"figure_1": table})), "figure_1")
    assert [row["n"] for row in data["medians"]] == [2, 2]
    assert [row["kernel_alignment"] for row in data["medians"]] == pytest.approx([0.015, 0.115])


def test_a_value_that_was_not_reached_is_a_word_and_no_number(given):
    table = runs(tasks=["2AF"], kernel_alignment=np.inf)
    page = page_of(given({"figure_1": table}))
    assert {
        row[data_of(page, "figure_1")["columns"].index("kernel_alignment")] for row in data_of(page, "figure_1")["rows"]
    } == {"inf"}
    assert "not reached" in page.text


def test_nothing_is_loaded_from_elsewhere(given):
    page = page_of(given())
    for tag, attributes in page.elements:
        for key in ("src", "href", "srcset", "action", "poster", "data"):
            assert re.match(r"#|data:|$", attributes.get(key) or ""), (tag, attributes)
    style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)[1]
    assert "url(" not in style and "@import" not in style


def test_the_page_can_be_read_without_seeing_it(given):
    page = page_of(given())
    assert page.all("html") == [{"lang": "en"}]
    assert {"main", "nav", "header", "footer"} <= {tag for tag, _ in page.elements}
    levels = page.levels()
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(attributes.get("alt") for attributes in page.all("img"))
    assert all(attributes.get("scope") for attributes in page.all("th"))
    plots = [attributes for attributes in page.all("div") if attributes.get("class") == "plot"]
    assert len(plots) == 4  # two measures of two tasks
    assert "Medians 1: 0.01, 30: 0.11" in plots[0]["aria-label"] and plots[0]["role"] == "img"
    for tag, attributes in page.elements:
        if attributes.get("class") == "scroll":
            assert tag == "div" and attributes["tabindex"] == "0" and attributes["aria-label"]


def test_links_within_the_page_lead_somewhere(given):
    page = page_of(given())
    identities = {attributes.get("id") for _, attributes in page.elements}
    links = [attributes["href"][1:] for attributes in page.all("a")]
    assert links and set(links) <= identities


def test_names_of_users_are_text_and_never_markup(given):
    experiments = described(title=NASTY, source=f"{NASTY}, Figure 1", paper_shows=NASTY)
    page = page_of(
        given({"figure_1": runs(tasks=[NASTY])}, [claim("liu2024-one", statement=NASTY)], experiments, scale=NASTY)
    )
    assert "<b>" not in page.text and "a &lt;b&gt; &amp; &#34;c&#34;" in page.text
    assert not page.all("b")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"connectome": "v1 (synthetic): drawn by rule"}, "Synthetic: the connectome is made by rule"),
        ({"substitute": "digits for MNIST"}, "Substitute: digits for MNIST."),
        ({"diverged": True}, "Diverged: 12 of 12 networks"),
        ({"failed": True}, "Failed: 12 of 12 networks"),
    ],
)  # fmt: skip
def test_what_readers_have_to_know_of_the_data_stands_at_the_head_and_at_the_figure(given, changes, said):
    page = page_of(given({"figure_1": runs(**changes)}))
    head, body = page.text.split("<main", 1)
    assert said in body and said.split(":")[0] + ":" in head


def test_a_scale_that_is_not_that_of_the_papers_is_said(given):
    assert "Scale tiny: smaller than that of the papers" in page_of(given()).text


def test_partial_results_are_said(given):
    page = page_of(given(experiments=described(networks=40) | described("figure_9")))
    assert "Partial: 12 of 40 networks that the experiment asks for." in page.text
    assert "Partial: figure_9 has no results here." in page.text
    assert "figure-figure_9" not in page.text


def test_a_page_without_any_result_is_still_a_page(given):
    page = page_of(given({}, [], {}))
    assert "the registers have 0 claims, and none is about them" in page.text and not page.all("section")


def test_experiments_that_no_claim_is_about_have_no_table_of_verdicts(given):
    untested = claim("liu2024-one", experiment="figure_9", verdict="not run", supporting=0, n=0, evidence="")
    page = page_of(given(claims=[untested]))
    assert "the registers have 1 claim, and none is about them" in page.text
    assert 'id="verdicts"' not in page.text and "#verdicts" not in page.text
    assert "it previews their results" not in page.text


def test_verdicts_name_the_tasks_that_were_tested(given):
    page = page_of(given(claims=[claim("liu2024-one", tasks="2AF; linear_20"), claim("liu2024-two")]))
    words = re.findall(r"supported</span>([^.]*?)</td>", page.text)
    assert words == [" <small>on 2AF, linear 20</small>", ""]
    assert "supported</span> on 2AF, linear 20: Statement of liu2024-one." in page.text


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((1, 0, 0), "its test agrees, p 0.01"),
        ((0, 0, 1), "its test decides nothing, n 3"),
        ((0, 0, 3), "none of 3 tests decides, n 3"),
        ((1, 2, 1), "of 4 tests: 1 agrees, 2 show the opposite, 1 decides nothing, n 3"),
        ((2, 1, 2), "of 5 tests: 2 agree, 1 shows the opposite, 2 decide nothing, n 3"),
    ],
)
def test_counts_of_tests_are_sentences(given, counts, said):
    names = dict(zip(("supporting", "contradicting", "undecided"), counts, strict=True))
    verdict = "supported" if counts == (1, 0, 0) else "conflicting" if counts[1] else "undecided"
    assert said in page_of(given(claims=[claim("liu2024-one", verdict=verdict, **names)])).text


@pytest.mark.parametrize(
    ("seeds", "said"), [(0, "it has no seed to test"), (1, "1 seed cannot decide it"), (2, "2 seeds cannot decide it")]
)
def test_too_few_runs_say_how_many(given, seeds, said):
    one = claim("liu2024-one", verdict="too few runs", supporting=0, undecided=1, n=seeds)
    assert f"<td>{said}; its test decides nothing" in page_of(given(claims=[one])).text


def test_the_table_of_runs_has_times_versions_and_commit(given):
    page = page_of(given())
    row = re.search(r'<th scope="row">figure_1</th>(.*?)</tr>', page.text)[1]
    assert re.findall(r"<td>(?:<code>)?([^<]*)", row) == ["12", "1 h 7 min", "–", "0123456 with changes", "1"]
    assert "Python 3.11.7, torch 2, numpy 2, scipy 1, snakemake 9.27.1; a processor, AVX2, Linux" in page.text


def test_equal_results_give_equal_pages(given):
    same = given()
    assert results_page.render(same) == results_page.render(same)


def test_the_table_of_verdicts_stands_alone_for_the_report(given):
    same = given()
    text = results_page.verdicts(same.folder, same.measures, same.experiments)
    page = Page(text)
    assert page.open == [] and not page.all("a")
    assert "1 supported" in text and "verdict-liu2024-one" in text


def methods_of(page: Page) -> str:
    """The methods of a page as text, in one line."""
    section = page.text[page.text.index('<h2 id="methods">') : page.text.index('<h2 id="runs">')]
    assert section.count("<p>") == 3  # the question, the methods and the scale, none of them torn
    return " ".join(unescape(re.sub("<[^>]+>", "", section)).split())


def test_methods_say_what_was_run_and_not_what_the_configuration_has_for_others(given):
    said = methods_of(page_of(given({"figure_1": runs(size=200, matching="leading_eigenvalue", iterations=7)})))
    assert "Networks have 200 rectified-linear units and a linear readout" in said
    assert "rescaled to its leading eigenvalue." in said and "the time step is 100 ms" in said
    assert "All weights are trained by stochastic gradient descent on the cross-entropy (7 iterations" in said
    assert "of 10 and 2 trials" in said and "at the last step" not in said
    assert not re.search("image|teacher|feedforward|squared error|LSTM|rule of learning", said)


def test_methods_name_each_kind_of_network_that_was_run(given):
    taught = runs(tasks=["linear_2"], architecture="feedforward", rectification="none", size=1000).assign(
        matching=None, guess_accuracy=np.nan, condition_number=2.0, time_step_ms=np.nan, time_constant_ms=np.nan
    )
    only = methods_of(page_of(given({"figure_1": taught})))
    assert "Networks have 1000 linear units" in only and "They are feedforward networks of two layers" in only
    assert "on half the mean squared error (" in only and "cross-entropy" not in only
    assert "Weights of the first layer of a seed start" in only and "rescaled" not in only
    assert "(Eq. 6); of a linear teacher with one trial for each input" in only


def test_methods_of_several_experiments_list_their_values_or_range_over_them(given):
    tables = {f"figure_{place}": runs(size=size) for place, size in enumerate((24, 100, 300, 64))}
    tables["figure_1"] = tables["figure_1"].assign(
        trained="recurrent", rule="eligibility", optimiser="adam", batch_size=8
    )
    tables["figure_9"] = runs().drop(columns="structure")
    every = {name: one for name in tables for name, one in described(name).items()}
    said = methods_of(page_of(given(tables, experiments=every)))
    assert "Sentences are read by LSTMs" in said and "Other networks have 24 to 300 rectified-linear units" in said
    assert "All or the recurrent weights are trained by Adam or stochastic gradient descent" in said
    assert "batches of 4 or 8" in said and "rule of learning: backpropagation or eligibility" in said


def test_methods_of_the_report_which_does_not_know_what_was_run_hold_for_all():
    text = documents.caption(ROOT / "workflow/report/workflow.rst", {}, {}, METHODS | {"scale": "tiny"})
    said = " ".join(re.sub("<[^>]+>", "", text).split())
    assert "rescaled to its Frobenius norm or leading eigenvalue." in said
    assert "Weights are trained by stochastic gradient descent or Adam." in said
    assert "This report shows the scale tiny; the papers' own is paper" in said
    assert not re.search("Networks have|trials\\)|image|smaller", said)


@pytest.mark.parametrize(
    ("verdict", "said"), [("supported", "smaller than the papers'"), ("not run", "a scale of its own")]
)
def test_only_a_scale_that_tests_claims_is_a_smaller_one_of_the_papers(given, verdict, said):
    text = methods_of(page_of(given(claims=[claim("liu2024-one", verdict=verdict)])))
    both = re.findall("smaller than the papers'|a scale of its own", text)
    assert both == [said] and ("A claim is one family" in text) == (verdict == "supported")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"measure": "sign_similarity"}, "sign similarity: τ +0.5 [+0.4, +0.6]"),
        (
            {"measure": "accuracy", "contrast": "1 against 30", "margin": 0.00234, "effect_is": "difference",
             "relative_effect": 0.09, "undecided": 1},
            "accuracy, 1 against 30: +0.5 [+0.4, +0.6], +9 %, margin 0.0023"
            "<br><small>least favourable of 2 tests</small>",
        ),
        ({"measure": "unknown_rank"}, "unknown rank: τ +0.5 [+0.4, +0.6]"),
        ({"effect": np.nan, "undecided": 2, "verdict": "too few runs"}, ""),
    ],
)  # fmt: skip
def test_an_effect_names_its_measure_its_margin_and_of_how_many_tests_it_is(given, changes, said):
    usual = {"supporting": 1} | changes
    text = page_of(given(claims=[claim("liu2024-one", **usual), claim("liu2024-two")])).text
    row = text[text.index('<tr id="verdict-liu2024-one">') :].partition("</tr>")[0]
    assert re.findall("<td>(.*?)</td>", row)[2] == said


def test_no_two_verdicts_look_alike():
    style = (results_page.TEMPLATES / "style.css").read_text()
    looks = {word: [] for word in verdicts.VERDICTS}
    for selectors, rule in re.findall(r"^((?:\.[\w-]+(?:, )?)+) \{ (.*) \}$", style, re.MULTILINE):
        for word in looks:
            if f".{word.replace(' ', '-')}" in selectors.split(", "):
                looks[word] += re.findall(r"--(?:fill|edge): [^;]+", rule)
    assert all(any(part.startswith("--fill") for part in look) for look in looks.values())
    assert len({tuple(look) for look in looks.values()}) == len(looks)


def test_the_table_of_counts_is_no_list_in_a_row():
    assert re.findall(r"^(\S*)\.counts \{", (results_page.TEMPLATES / "style.css").read_text(), re.MULTILINE) == ["ul"]


def test_one_thing_has_no_plural(given):
    page = page_of(given({"figure_1": runs(conditions=[1], seeds=1, tasks=["2AF"])}))
    assert "1 network, 1 seed ·" in page.text and not re.search(r"\b1 (networks|seeds|claims|tests)\b", page.text)
