"""The table of label_quality.py, from its lines."""
import math
import statistics

SLACK = 0.005  # the consensus may be so much below the best peer or member
SETTING = ["corpus", "design", "seeds"]

NOTES = """
Accuracy and macro-F1 in %, means over the draws, on items with gold that are no seeds. Best member and best peer: those
with the best mean over the draws of the setting. Differences: consensus minus this one on the same draw, in points, ±
standard error; **bold** where the consensus is more than 0.5 below. At least the median: draws in which the consensus is
as good as the median of its members.
"""

PROMISE_NOTES = """
Stated accuracy with its 95 % interval, beside the true one; covered: draws in which the interval has the true one. auto:
share of the judged items, how many are right, draws in which at least ensemble.auto_probability are. Accepted: share and
errors at the largest of qa.accept_errors, draws in which all of them are kept. Draws without such labels count as kept.
Total variation of class shares from those of the gold: as estimated, as the seeds have them, and even ones; *: only a
part of the corpus has gold, so its shares are not those of the corpus. Seconds: all stages.
"""


def numbers(lines, column):
    """The values of a column, of the lines that have one."""
    return [float(line[column]) for line in lines if column in line]


def mean(values, form="{:.1f}", scale=100.0):
    return form.format(scale * statistics.mean(values)) if values else ""


def names_of(lines, prefix):
    """Members or peers that have an accuracy in every line, in their order."""
    columns = [f"{prefix}.{name}.accuracy" for name in dict.fromkeys(
        column.split(".", 1)[1].rsplit(".", 1)[0] for line in lines for column in line
        if column.startswith(prefix + ".") and column.endswith(".accuracy"))]
    return [column[len(prefix) + 1:-len(".accuracy")] for column in columns if all(column in line for line in lines)]


def best_of(lines, prefix):
    names = names_of(lines, prefix)
    return max(names, key=lambda name: statistics.mean(numbers(lines, f"{prefix}.{name}.accuracy")), default=None)


def difference(lines, prefix, name):
    """Mean and standard error of the consensus minus this one; the error is none of one draw."""
    if name is None:
        return None, None
    pairs = zip(numbers(lines, "accuracy"), numbers(lines, f"{prefix}.{name}.accuracy"))
    values = [consensus - other for consensus, other in pairs]
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    return statistics.mean(values), error


def difference_cell(value, error):
    if value is None:
        return ""
    text = f"{100 * value:+.1f}" + ("" if error is None else f" ± {100 * error:.1f}")
    return f"**{text}**" if value < -SLACK else text


def named_cell(lines, prefix, name):
    if name is None:
        return ""
    values = [mean(numbers(lines, f"{prefix}.{name}.{what}")) for what in ("accuracy", "macro_f1")]
    return f"{name} {values[0]} / {values[1]}"


def at_least_median(line):
    names = names_of([line], "own")
    members = [float(line[f"own.{name}.accuracy"]) for name in names]
    return float(line["accuracy"]) >= statistics.median(members)


def accuracy_row(lines):
    own, peer = best_of(lines, "own"), best_of(lines, "peer")
    peers = [f"{name} {mean(numbers(lines, f'peer.{name}.accuracy'))}" for name in names_of(lines, "peer") if name != peer]
    return [f"{mean(numbers(lines, 'accuracy'))} / {mean(numbers(lines, 'macro_f1'))}",
            named_cell(lines, "own", own), difference_cell(*difference(lines, "own", own)),
            named_cell(lines, "peer", peer), difference_cell(*difference(lines, "peer", peer)), ", ".join(peers),
            f"{sum(at_least_median(line) for line in lines)}/{len(lines)}"]


def kept_cell(lines, kept, needed):
    """Kept promises of all, and how many lines have nothing to judge."""
    none = sum(needed not in line for line in lines)
    return f"{sum(numbers(lines, kept)):.0f}/{len(lines)}" + (f" ({none} without)" if none else "")


def promise_row(lines):
    covered = numbers(lines, "covered")
    stated = [f"{mean(numbers(lines, 'stated'))} [{mean(numbers(lines, 'stated_low'))}, "
              f"{mean(numbers(lines, 'stated_high'))}]", mean(numbers([l for l in lines if "stated" in l], "accuracy"))]
    levels = [column.split("@")[1] for column in lines[0] if column.startswith("accepted_share@")]
    loosest = max(levels, key=float, default="")
    stages = {column for line in lines for column in line if column.startswith("seconds.")}
    seconds = [sum(numbers([line], column)[0] for column in stages if column in line) for line in lines]
    known = statistics.mean(numbers(lines, "gold_share"))
    return [*(stated if covered else ["none", ""]), f"{sum(covered):.0f}/{len(covered)}" if covered else "",
            mean(numbers(lines, "auto_share")), mean(numbers(lines, "auto_accuracy")),
            kept_cell(lines, "auto_kept", "auto_accuracy"), mean(numbers(lines, f"accepted_share@{loosest}")),
            mean(numbers(lines, f"accepted_error@{loosest}")),
            kept_cell(lines, "accepted_kept", f"accepted_error@{loosest}"),
            mean(numbers(lines, "tv_estimated"), "{:.3f}", 1) + ("" if known == 1 else " *"),
            mean(numbers(lines, "tv_seeds"), "{:.3f}", 1), mean(numbers(lines, "tv_even"), "{:.3f}", 1),
            mean(seconds, "{:.1f}", 1)]


def rows(settings, header, make_row):
    """A Markdown table, a row a setting."""
    text = [f"| corpus | seeds a class | draws | {' | '.join(header)} |", "| --- |" + " --- |" * (len(header) + 2)]
    for (corpus, design, seeds), lines in settings.items():
        done = [line for line in lines if "error" not in line]
        failed = len(lines) - len(done)
        draws = f"{len(done)}" + (f", {failed} failed" if failed else "")
        cells = make_row(done) if done else [""] * len(header)
        text.append(f"| {corpus} | {seeds} {design} | {draws} | {' | '.join(cells)} |")
    return "\n".join(text) + "\n"


def differences_line(settings, prefix, word):
    """Of the settings with more than one seed a class: with one nothing can be held out."""
    values = [difference(lines, prefix, best_of(lines, prefix))[0] for (_, _, seeds), lines in settings.items() if seeds != "1"]
    values = [value for value in values if value is not None]
    if not values:
        return []
    below = sum(value < -SLACK for value in values)
    return [f"Consensus minus {word}: {100 * statistics.mean(values):+.1f} points on the mean over {len(values)} settings of more "
            f"than one seed a class, least {100 * min(values):+.1f}, more than 0.5 below in {below}."]


def promise_line(settings, column, word):
    """All draws, and the setting where the promise holds least often."""
    kept = [values for values in (numbers(lines, column) for lines in settings.values()) if values]
    if not kept:
        return []
    worst = min(kept, key=statistics.mean)
    return [f"{word} in {sum(map(sum, kept)):.0f} of {sum(map(len, kept))} draws; in the worst setting in {sum(worst):.0f} of "
            f"{len(worst)}."]


def summary(settings):
    """Over all settings: how far the consensus is from the best, and how often each promise holds."""
    text = [*differences_line(settings, "peer", "best peer"), *differences_line(settings, "own", "best member")]
    ones = [at_least_median(line) for (_, _, seeds), lines in settings.items() if seeds == "1" for line in lines]
    if ones:
        text.append(f"With one seed a class at least the members' median in {sum(ones)} of {len(ones)} draws.")
    text += [*promise_line(settings, "covered", "The interval of accuracy covers"),
             *promise_line(settings, "auto_kept", "`auto` keeps its word"),
             *promise_line(settings, "accepted_kept", "Accepted labels keep to their errors")]
    return "\n".join(text) + "\n"


def failures(lines):
    failed = [line for line in lines if "error" in line]
    text = [f"- {line['corpus']}, {line['seeds']} {line['design']}, draw {line['draw']}: {line['error']}" for line in failed]
    peers = {}
    for line in lines:
        for column, value in line.items():
            if column.startswith("peer.") and column.endswith(".error"):
                key = (line["corpus"], line["design"], line["seeds"], column.split(".")[1], value)
                peers[key] = peers.get(key, 0) + 1
    text += [f"- {corpus}, {seeds} {design}, {peer}, {count} draws: {value}"
             for (corpus, design, seeds, peer, value), count in peers.items()]
    return "\nFailed:\n" + "\n".join(text) + "\n" if text else ""


def make_table(lines):
    settings = {}
    for line in lines:
        settings.setdefault(tuple(line[name] for name in SETTING), []).append(line)
    done = {key: [line for line in part if "error" not in line] for key, part in settings.items()}
    done = {key: part for key, part in done.items() if part}
    programs = sorted({f"`{line['program']}`, commit {line.get('commit', 'unknown')}" for line in lines})
    options = sorted({line.get("options", "") for line in lines} - {""})
    return (f"Program {'; '.join(programs)}" + (f"; options `{'; '.join(options)}`" if options else "") + ".\n" + NOTES + "\n"
            + rows(settings, ["consensus", "best member", "difference", "best peer", "difference", "other peers",
                              "at least the median"], accuracy_row)
            + PROMISE_NOTES + "\n"
            + rows(settings, ["stated", "true", "covered", "auto", "right", "kept", "accepted", "wrong", "kept",
                              "shares", "of seeds", "even", "seconds"], promise_row)
            + "\n" + summary(done) + failures(lines))
