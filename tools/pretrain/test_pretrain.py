"""python -m unittest, in this folder: the parts of the recipe whose mistakes a training run would hide."""

import json
import lzma
import tempfile
import unittest
from contextlib import redirect_stdout
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from unittest import mock

import numpy as np
import sentencepiece
import torch
from safetensors.torch import save_file
from torch import nn
from transformers import T5Config, T5ForConditionalGeneration

import teacher
from alterations import FUNCTION_WORDS, GRAMMAR, MEANING, alter, exchange_function_word, graft, inflect, move, swap_neighbours
from batches import Batches
from corpus import Source
from distillation import TEMPERATURE, Distillation, Head, distillation_loss
from embeddings import count_pairs, positive_mutual_information
from export import hugging_face_config, hugging_face_weights, to_half
from labelled import read_glue
from mixture import HELD_OUT, Kind, Mixture, Row, correlation
from model import T5, Config
from model_card import model_card
from objectives import pieces_of
from optimiser import Muon, orthogonalise, schedule
from options import Options
from pairs import altered, neighbours, similarity_row, written_pairs
from replaced import LENGTH, Detector, ReplacedTokens, area_under_curve, near_pieces, replaced
from same_length import SameLengthBatches
from self_labelled import acceptable, sentence_order
from sentences import quotas, read_sentences, sample_sentences
from span_corruption import corrupt, lengths_for, window_for
from span_objective import SpanCorruption
from start import take_vocabulary, take_weights
from train import train
from trainer import Trainer
from vocabulary import EOS_ID, FIRST_SENTINEL_ID, NUM_PIECES
from workers import Workers

CPU = torch.device("cpu")
MINI = Path(__file__).parents[2] / "models" / "mini"


def tiny_model() -> T5:
    torch.manual_seed(0)
    return T5(Config(d_model=32, d_ff=64, d_kv=8, num_layers=1))


def random_sentences(count: int) -> list[list[int]]:
    rng = np.random.default_rng(2)
    return [rng.integers(3, NUM_PIECES, length).tolist() for length in np.sort(rng.integers(8, 12, count))]


def unit_vectors(count: int, dimensions: int) -> np.ndarray:
    vectors = np.random.default_rng(4).standard_normal((count, dimensions))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def random_windows(count: int, length: int = 141) -> np.ndarray:
    return np.random.default_rng(0).integers(3, NUM_PIECES, (count, length)).astype(np.uint16)


class CorruptedText(unittest.TestCase):
    def test_lengths_are_those_of_t5(self):
        self.assertEqual(window_for(512), 568)
        self.assertEqual(window_for(128), 141)
        self.assertEqual(lengths_for(568), (85, 28, 512))

    def test_target_spans_put_back_in_the_input_give_the_text(self):
        windows = random_windows(16)
        for window, source, target in zip(windows, *corrupt(windows, np.random.default_rng(1)), strict=True):
            self.assertEqual((len(source), len(target)), (128, 29))
            self.assertEqual((source[-1], target[-1]), (EOS_ID, EOS_ID))
            spans, sentinels = {}, []
            for token in target[:-1]:
                if token >= NUM_PIECES:
                    sentinels.append(token)
                    spans[token] = []
                else:
                    spans[sentinels[-1]].append(token)
            self.assertEqual(sentinels, [FIRST_SENTINEL_ID - index for index in range(7)])
            text = [piece for token in source[:-1] for piece in spans.get(token, [token])]
            self.assertEqual(text, window.tolist())

    def test_spans_vary_with_the_generator_only(self):
        windows = random_windows(4)
        first, again, other = (corrupt(windows, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
        self.assertTrue((first == again).all())
        self.assertFalse((first == other).all())


class ModelAndExport(unittest.TestCase):
    def test_logits_equal_those_of_transformers(self):
        torch.manual_seed(0)
        config = Config(d_model=32, d_ff=64, d_kv=8, num_layers=2)
        model = T5(config)
        with torch.no_grad():  # The encoder begins as the identity; noise makes every weight count.
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.1)
        theirs = T5ForConditionalGeneration(T5Config(**hugging_face_config(config))).eval()
        missing, unexpected = theirs.load_state_dict(hugging_face_weights(model.state_dict(), config), strict=False)
        self.assertEqual(unexpected, [])
        self.assertTrue(all("embed_tokens" in name or name == "lm_head.weight" for name in missing), missing)
        theirs.tie_weights()
        inputs, targets = map(torch.from_numpy, corrupt(random_windows(3, 300), np.random.default_rng(1)))
        with torch.no_grad():
            expected = theirs(input_ids=inputs, labels=targets)
            self.assertLess((model.logits(inputs, targets) - expected.logits).abs().max(), 1e-3)
            self.assertAlmostEqual(model(inputs, targets).item(), expected.loss.item(), places=4)


class Start(unittest.TestCase):
    def test_a_folder_gives_the_weights_it_was_made_of(self):
        model, other = (T5(Config(d_model=32, d_ff=64, d_kv=8, num_layers=2)) for _ in range(2))
        with tempfile.TemporaryDirectory() as folder:
            save_file(to_half(hugging_face_weights(model.state_dict(), model.config)), Path(folder) / "model.safetensors")
            take_weights(Path(folder), other)
        for name, weight in model.state_dict().items():
            self.assertLessEqual((other.state_dict()[name] - weight).abs().max(), 1e-3 * weight.abs().max(), name)

    def test_a_run_keeps_one_vocabulary(self):
        with tempfile.TemporaryDirectory() as folder:
            spiece_model = Path(folder) / "spiece.model"
            take_vocabulary(MINI, spiece_model)
            take_vocabulary(MINI, spiece_model)
            self.assertEqual(spiece_model.read_bytes(), (MINI / "spiece.model").read_bytes())
            spiece_model.write_bytes(b"another")
            with self.assertRaisesRegex(SystemExit, "give another --run"):
                take_vocabulary(MINI, spiece_model)


class Training(unittest.TestCase):
    def test_a_position_names_its_batch(self):
        windows = random_windows(50)
        straight = Batches(windows, 8, seed=1, device=CPU)
        seen = [straight.at(position)[0] for position in range(0, 96, 8)]
        resumed = Batches(windows, 8, seed=1, device=CPU)
        self.assertTrue(torch.equal(resumed.at(56)[0], seen[7]))
        self.assertFalse(torch.equal(seen[0], seen[6]), "the second pass has an order of its own")

    def test_pieces_give_the_gradients_of_the_batch(self):
        model = tiny_model()
        inputs, targets = map(torch.from_numpy, corrupt(random_windows(30), np.random.default_rng(1)))
        pieces = pieces_of(inputs, lambda part: model(inputs[part], targets[part]))
        self.assertGreater(len(pieces), 2)
        self.assert_gradients_of_pieces(pieces, model(inputs, targets), list(model.parameters()))

    def assert_gradients_of_pieces(self, pieces, whole, parameters):
        losses = Workers(2).losses_and_gradients(parameters, pieces)
        self.assertAlmostEqual(sum(losses).item(), whole.item(), places=4)
        expected = torch.autograd.grad(whole, parameters, allow_unused=True)
        for parameter, want in zip(parameters, expected, strict=True):
            if want is None:
                self.assertIsNone(parameter.grad)
            else:
                self.assertLess((parameter.grad - want).abs().max(), 1e-4 * max(1.0, want.abs().max().item()))

    def test_objectives_in_pieces_add_up_and_leave_what_they_do_not_read(self):
        model, head = tiny_model(), Head(32, 8)
        objective = Distillation(model, head, random_sentences(3000), unit_vectors(3000, 8), 1, 4096, 1.0)
        batch = objective.batch(0)
        self.assertGreater(len(batch.pieces), 1)
        items = objective.items[objective.batches.at(0)]
        self.assertEqual(batch.items, len(items))
        inputs = torch.tensor([objective.sentences[item] for item in items])
        vectors = torch.from_numpy(objective.vectors[items]).float()
        whole = distillation_loss(objective.predicted(inputs), vectors, vectors)
        self.assert_gradients_of_pieces(batch.pieces, whole, [*model.parameters(), *head.parameters()])

    def test_a_run_goes_on_from_its_checkpoint(self):
        def run(folder: Path, minutes: float) -> dict:
            model, head = tiny_model(), Head(32, 8)
            distillation = Distillation(model, head, random_sentences(1100), unit_vectors(1100, 8), 1, 64, 0.1)
            spans = SpanCorruption(model, random_windows(40), random_windows(4), 2, 1)
            options = Options(minutes=minutes, batch_size=2, precision="float32")
            with redirect_stdout(StringIO()):
                return train(folder, Trainer(model, nn.ModuleList([head]), [spans, distillation], options))

        with tempfile.TemporaryDirectory() as folder:
            first = run(Path(folder), 0.02)
            again = run(Path(folder), 0.02)
            self.assertEqual(again["step"], first["step"])
            further = run(Path(folder), 0.04)
        self.assertGreater(further["step"], first["step"])
        self.assertGreater(further["elapsed"], first["elapsed"])
        self.assertEqual(further["seen"]["spans"]["items"], 2 * further["step"])
        self.assertTrue(torch.equal(first["model"]["shared"], again["model"]["shared"]))
        self.assertFalse(torch.equal(first["heads"]["0.weight"], further["heads"]["0.weight"]))

    def test_orthogonalise_brings_singular_values_near_one(self):
        torch.manual_seed(0)
        values = torch.linalg.svdvals(orthogonalise(torch.randn(2, 64, 256)))
        self.assertLess((values - 1).abs().max(), 0.2)

    def test_weight_decay_takes_its_share_at_the_peak_rate_and_less_below(self):
        for share in (1.0, 0.5):
            weight = nn.Parameter(torch.ones(2, 4))
            weight.grad = torch.zeros(2, 4)
            Muon([{"params": [weight], "lr": 0.1 * share, "peak_lr": 0.1}], Workers(1), weight_decay=0.25).step()
            self.assertTrue(torch.allclose(weight, torch.full((2, 4), 1 - 0.25 * share)))

    def test_schedule_warms_up_stays_and_ends_at_zero(self):
        self.assertAlmostEqual(schedule(0, 0.0), 0.01)
        self.assertEqual(schedule(1000, 0.3), 1.0)
        self.assertAlmostEqual(schedule(1000, 0.7), 0.5)
        self.assertEqual(schedule(1000, 1.0), 0.0)


class SameLength(unittest.TestCase):
    def test_a_pass_uses_every_item_once_in_batches_of_one_shape(self):
        shapes = np.random.default_rng(0).integers(3, 9, (200, 2))
        batches = SameLengthBatches(shapes, 40, [1, 2])
        first = [batches.at(number) for number in range(batches.batches_per_pass)]
        self.assertEqual(sorted(np.concatenate(first).tolist()), list(range(200)))
        for items in first:
            self.assertEqual(len({tuple(shape) for shape in shapes[items]}), 1)
        second = batches.at(batches.batches_per_pass)
        self.assertTrue((SameLengthBatches(shapes, 40, [1, 2]).at(batches.batches_per_pass) == second).all())
        self.assertNotEqual(first[0].tolist(), second.tolist(), "the second pass has an order of its own")


class TeacherObjective(unittest.TestCase):
    def test_the_teachers_own_vectors_are_the_least_loss(self):
        vectors = torch.from_numpy(unit_vectors(6, 8)).float()
        entropy = torch.distributions.Categorical(logits=vectors @ vectors.T / TEMPERATURE).entropy().mean()
        best = distillation_loss(vectors * 3, vectors, vectors).item()
        self.assertAlmostEqual(best, entropy.item(), places=3)
        self.assertGreater(distillation_loss(vectors.roll(1, 0), vectors, vectors).item(), best + 1)

    def test_held_out_sentences_are_in_no_batch(self):
        vectors = unit_vectors(1500, 8)
        objective = Distillation(tiny_model(), Head(32, 8), random_sentences(1500), vectors, 1, 256, 1.0)
        numbers = range(objective.batches.batches_per_pass)
        used = {int(item) for number in numbers for item in objective.items[objective.batches.at(number)]}
        self.assertEqual(used | set(objective.held_out_items.tolist()), set(range(1500)))
        self.assertFalse(used & set(objective.held_out_items.tolist()))


class SentencesAndPairs(unittest.TestCase):
    def test_quotas_follow_the_root_of_the_size_and_the_style(self):
        def source(name: str, style: str, size: int) -> Source:
            return Source(name, style, "", "open", size, Path())

        shares = quotas([source("a", "news", 400), source("b", "news", 100), source("c", "nlu_sentences", 100)], 800)
        self.assertEqual(shares, {"a": 200, "b": 100, "c": 500})

    def test_neighbours_carry_the_teachers_cosine_in_fifths(self):
        vectors = unit_vectors(60, 8)
        vectors[1] = vectors[0]
        kind = neighbours([f"s{index}" for index in range(60)], vectors, 60, seed=3, device=torch.device("cpu"))
        self.assertEqual(len(kind.rows), 60)
        for row in kind.rows:
            first, second = row.source.removeprefix("similarity sentence1: s").split(" sentence2: s")
            cosine = float(vectors[int(first)].astype(np.float32) @ vectors[int(second)].astype(np.float32))
            self.assertAlmostEqual(float(row.target), 5 * min(max(cosine, 0), 1), delta=0.1001)
        self.assertEqual([similarity_row("x", "y", cosine).target for cosine in (-0.3, 0.5, 0.77, 1.0)], ["0.0", "2.4", "3.8", "5.0"])

    def test_altered_and_written_pairs_carry_the_cosine_of_their_own_texts(self):
        class Lengths:
            """A teacher to whom a sentence is its number of words: as an angle, so that alike lengths are alike."""

            cache: Path

            def vectors(self, file: Path) -> np.ndarray:
                return as_angles(read_sentences(file))

        def as_angles(texts: list[str]) -> np.ndarray:
            angles = np.array([len(text.split()) for text in texts]) / 20
            return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float16)

        def lengths(row: Row) -> list[int]:
            return [len(part.split()) for part in row.source.removeprefix("similarity sentence1: ").split(" sentence2: ")]

        texts = [" ".join(f"w{number}" for number in range(count)) for count in range(4, 24)]
        teaching = Lengths()
        with tempfile.TemporaryDirectory() as folder:
            teaching.cache = Path(folder)
            rows = altered(texts, as_angles(texts), 20, 1, teaching).rows
            rows += written_pairs([("a b c", "a"), ("one two", " ".join("x" * 30))], 1, teaching).rows
        self.assertGreater(len(rows), 15)
        for row in rows:
            first, second = lengths(row)
            self.assertAlmostEqual(float(row.target), 5 * max(np.cos((first - second) / 20), 0), delta=0.11)

    def test_sentences_fit_differ_and_come_shortest_first(self):
        texts = ["It was far too long a walk for them.", "Short.", "It was far too long a walk for them."]
        texts += [f"The {part} of the old house was painted in red last year." for part in ("door", "roof", "fence", "gate")]
        with tempfile.TemporaryDirectory() as folder:
            with lzma.open(Path(folder) / "a.txt.xz", "wt", encoding="utf-8") as file:
                file.write("\n".join([" ".join(texts), *texts, " ".join(["endless"] * 90)]))
            source = Source("a", "news", "", "open", 100, Path(folder) / "a.txt.xz")
            file = sample_sentences([source], MINI / "spiece.model", 20, 1, Path(folder))
            self.assertEqual(file, sample_sentences([source], MINI / "spiece.model", 20, 1, Path(folder)))
            sentences = read_sentences(file)
        self.assertEqual(sorted(sentences), sorted({text for text in texts if text != "Short."}))
        self.assertEqual(sentences[0], texts[0])

    def test_vectors_are_made_once_and_in_the_order_of_the_sentences(self):
        calls: list[list[str]] = []

        class Numbers:
            def vectors(self, texts: list[str]) -> np.ndarray:
                calls.append(texts)
                return np.array([[float(text)] * teacher.DIMENSIONS for text in texts], dtype=np.float16)

        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch.multiple(teacher, SHARD=8, BATCH=3, Teacher=lambda *_: Numbers(), _unpacked=lambda folder: folder),
            redirect_stdout(StringIO()),
        ):
            sentences = Path(folder) / "sentences.txt"
            sentences.write_text("".join(f"{number}\n" for number in range(20)))
            vectors = teacher.teacher_vectors(sentences, Path(folder), 2, CPU)
            self.assertEqual(vectors[:, 0].tolist(), list(range(20)))
            made = len(calls)
            next(Path(folder).glob("vectors-*/00000008.npy")).unlink()
            self.assertTrue((teacher.teacher_vectors(sentences, Path(folder), 2, CPU) == vectors).all())
        self.assertEqual(sorted(int(text) for texts in calls[made:] for text in texts), list(range(8, 16)))


class Alterations(unittest.TestCase):
    def test_edits_do_what_they_say(self):
        words, other = "the dog walks to the old house".split(), "she had never seen it".split()
        for seed in range(50):
            rng = np.random.default_rng(seed)
            self.assertEqual(sorted(move(words, rng, other)), sorted(words))
            swapped = swap_neighbours(words, rng, other)
            self.assertLessEqual(sum(a != b for a, b in zip(words, swapped, strict=True)), 2)
            exchanged = exchange_function_word(words, rng, other)
            for a, b in zip(words, exchanged, strict=True):
                self.assertTrue(a == b or {a, b} <= set(FUNCTION_WORDS))
            inflected = inflect(words, rng, other)
            self.assertEqual(sum(a != b for a, b in zip(words, inflected, strict=True)), 1)
        self.assertEqual(graft(words, rng, other), "the dog walks to never seen it".split())

    def test_what_is_altered_differs_or_is_none(self):
        for seed in range(200):
            rng = np.random.default_rng(seed)
            edits = (MEANING, GRAMMAR)[seed % 2]
            for sentence in ("word", "two words", "the  quick brown fox jumps"):
                result = alter(sentence, "some other sentence", edits, 3, rng)
                self.assertNotEqual(result, " ".join(sentence.split()))
                self.assertNotEqual(result, "")

    def test_a_row_says_whether_its_sentence_was_altered(self):
        texts = [f"the number {number} stands alone here" for number in range(200)]
        rows = acceptable(texts, 200, 1).rows
        originals = [row for row in rows if row.source.removeprefix("acceptable sentence: ") in texts]
        self.assertTrue(all(row.target == "1" for row in originals))
        self.assertEqual(sum(row.target == "1" for row in rows), len(originals))
        self.assertTrue(60 < len(originals) < 140)

    def test_a_row_says_which_sentence_comes_first(self):
        pairs = [f"This is the first sentence, number {n:03}. And this is the one after it, {n:03}." for n in range(100)]
        with tempfile.TemporaryDirectory() as folder:
            with lzma.open(Path(folder) / "a.txt.xz", "wt", encoding="utf-8") as file:
                file.write("\n".join(pairs))
            source = Source("a", "news", "", "open", 100, Path(folder) / "a.txt.xz")
            rows = sentence_order([source], 90, 1).rows
        self.assertEqual(len(rows), 90)
        self.assertEqual({row.target for row in rows}, {"0", "1", "2"})
        for row in rows:
            first, second = row.source.removeprefix("order sentence1: ").split(" sentence2: ")
            if row.target == "2":
                self.assertIn(f"{first} {second}", pairs)
            elif row.target == "1":
                self.assertIn(f"{second} {first}", pairs)


class MixtureOfKinds(unittest.TestCase):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(MINI / "spiece.model"))

    def test_rows_are_written_as_the_tasks_write_them(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, row in (
                ("MNLI", {"text_a": "A man sings. ", "text_b": "A man is silent.", "label": "contradiction"}),
                ("QQP", {"text_a": "Why?", "text_b": "How?", "label": "1"}),
            ):
                (Path(folder) / name).mkdir()
                (Path(folder) / name / "sample10k.train.json").write_text(json.dumps({"0": row}))
            (mnli, qqp), pairs = read_glue(Path(folder), 2, 1)
        self.assertEqual(mnli, Kind("MNLI", [Row("mnli premise: A man sings. hypothesis A man is silent.", "2")], 2))
        self.assertEqual(qqp, Kind("QQP", [Row("qqp question1: Why? question2: How?", "1")], 2))
        self.assertEqual(sorted(pairs), [("A man sings.", "A man is silent."), ("Why?", "How?")])

    def rows(self, count: int) -> list[Row]:
        return [Row(f"qqp question1: Why {number}? question2: How?", str(number % 2)) for number in range(count)]

    def test_ids_are_those_of_the_library(self):
        mixture = Mixture(tiny_model(), [Kind("QQP", self.rows(HELD_OUT + 1))], self.processor, 1, 64, 1.0)
        ((source, target),) = mixture.pairs
        self.assertEqual(source[-2:], [FIRST_SENTINEL_ID, EOS_ID])
        self.assertEqual(self.processor.decode(source[:-2]), f"qqp question1: Why {HELD_OUT}? question2: How?")
        self.assertEqual(target, [FIRST_SENTINEL_ID, *self.processor.encode("0"), EOS_ID])
        losses = [piece().item() for piece in mixture.batch(0).pieces]
        self.assertGreater(sum(losses), 0)

    def test_held_out_rows_are_in_no_batch_and_are_answered_greedily(self):
        rows = self.rows(HELD_OUT + 4)
        mixture = Mixture(tiny_model(), [Kind("QQP", rows, repeats=3), Kind("x", rows, graded=True)], self.processor, 1, 64, 1.0)
        self.assertEqual(len(mixture.pairs), 4 * 3 + 4)
        with mock.patch.object(mixture, "_answers", side_effect=lambda sources: [str(len(source) % 2) for source in sources]):
            answers = [str(len(source) % 2) for source in mixture._sources(rows[:HELD_OUT])]
            measures = mixture.held_out(thorough=True)
        right = np.mean([answer == row.target for answer, row in zip(answers, rows, strict=False)])
        self.assertEqual(measures["heldOutQqp"], round(float(right), 4))
        self.assertEqual(set(measures), {"heldOutQqp", "heldOutX"})

    def test_an_answer_is_the_likeliest_token_after_token_up_to_the_end(self):
        mixture = Mixture(tiny_model(), [Kind("QQP", self.rows(HELD_OUT + 1))], self.processor, 1, 64, 1.0)
        written = [*self.processor.encode("3.8"), EOS_ID]

        def logits(_: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            scores = torch.zeros(1, targets.shape[1], 8128)
            scores[0, -1, written[targets.shape[1] - 2]] = 1.0
            return scores

        with mock.patch.object(mixture.model, "logits", side_effect=logits):
            self.assertEqual(mixture._answers([mixture.pairs[0][0]]), ["3.8"])

    def test_correlation_is_of_what_is_written(self):
        self.assertAlmostEqual(correlation(["1.0", "2.0", "3.0"], ["2.0", "4.0", "6.0"]), 1.0)
        self.assertEqual(correlation(["1.0", "1.0"], ["2.0", "4.0"]), 0.0)
        self.assertAlmostEqual(correlation(["5.0", "none"], ["5.0", "0.0"]), 1.0)


class ModelCard(unittest.TestCase):
    def test_it_names_what_was_used_and_only_that(self):
        state = {
            "options": asdict(Options(minutes=1)), "model": {"shared": torch.zeros(2, 3)}, "step": 50, "elapsed": 60.0,
            "held_out": {"heldOutLoss": 4.0, "mismatchedLoss": 5.0, "heldOutWindows": 9, "heldOutTeacherCosine": 0.5},
            "seen": {"spans": {"items": 1, "tokens": 100}, "teacher": {"items": 7, "tokens": 70}}, "labelled": False,
            "curve": [{"step": 25, "minutes": 0.5, "tokens": 10, "losses": {"spans": 6.0, "teacher": 1.0}}],
        }  # fmt: skip
        card = model_card(state, [], 1000, "a machine", None, None)
        self.assertIn("all-MiniLM-L6-v2 (Apache-2.0)", card)
        self.assertIn("No label of any task was used", card)
        self.assertNotIn("MNLI", card)
        self.assertNotIn("## Scores", card)
        self.assertIn("| 25 | 0.5 | 10 | 6.000 | 1.000 |", card)
        state["seen"] |= {"mixture": {"items": 3, "tokens": 30}, "replaced": {"items": 2, "tokens": 20}}
        state["held_out"] |= {"heldOutQqp": 0.75, "heldOutAltered": 0.5, "heldOutReplacedAuc": 0.9}
        with_labels = model_card(state | {"labelled": True}, [], 1000, "a machine", "| a table |", card)
        self.assertIn("training rows of MNLI and QQP", with_labels)
        self.assertIn("QQP's training rows, likewise [0.75]", with_labels)
        self.assertIn("up to 200,000 sentences, each with itself after one to five random edits, likewise [0.50]", with_labels)
        self.assertNotIn("MNLI's training rows,", with_labels)
        self.assertIn("which tokens of 2 windows", with_labels)
        self.assertIn("## Scores\n\n| a table |", with_labels)
        self.assertIn("* Start: embeddings from co-occurrence counts", card)
        self.assertNotIn("\n* Start: embeddings", with_labels)
        self.assertIn("\n  * Start: embeddings from co-occurrence counts of the whole corpus (1,000 tokens)", with_labels)
        self.assertEqual(with_labels.count("## Scores"), 1)


class ReplacedTokenDetection(unittest.TestCase):
    def test_slips_are_marked_and_everything_else_is_as_written(self):
        windows = np.random.default_rng(0).integers(3, 8000, (64, 141), dtype=np.uint16)
        near = np.full((8000, 16), 2, dtype=np.uint16)
        ids, labels = replaced(windows, near, np.random.default_rng(1))
        self.assertEqual((ids.shape, ids[:, -1].tolist(), labels[:, -1].sum()), ((64, LENGTH), [EOS_ID] * 64, 0))
        self.assertAlmostEqual(labels.mean(), 0.06 + 0.02 + 2 * 0.025 + 0.025, delta=0.02)
        for written, slips, window in zip(ids, labels, windows, strict=True):
            kept = [token for token, slip in zip(written[:-1], slips, strict=False) if not slip]
            # What is no slip comes in the window's own order.
            rest = iter(window.tolist())
            self.assertTrue(all(token in rest for token in kept))

    def test_a_text_without_slips_has_none(self):
        windows = np.random.default_rng(0).integers(3, 8000, (4, 141), dtype=np.uint16)
        with mock.patch("replaced.np.searchsorted", return_value=np.full(windows.shape, 4)):
            ids, labels = replaced(windows, np.zeros((8000, 16), dtype=np.uint16), np.random.default_rng(1))
        self.assertEqual(labels.sum(), 0)
        self.assertTrue((ids[:, :-1] == windows[:, : LENGTH - 1]).all())

    def test_near_pieces_are_the_nearest_others(self):
        embeddings = torch.randn(8128, 8)
        embeddings[7] = embeddings[5] * 2 + 0.001
        self.assertEqual((near_pieces(embeddings)[5, 0], near_pieces(embeddings)[7, 0]), (7, 5))

    def test_area_under_the_curve_is_the_share_of_pairs_in_order(self):
        self.assertEqual(area_under_curve(np.array([0.9, 0.1, 0.5, 0.4]), np.array([True, False, False, True])), 0.75)

    def test_the_parts_of_a_batch_have_the_loss_of_the_whole(self):
        model, detector = tiny_model(), Detector(32)
        nn.init.normal_(detector.weight)
        near = np.zeros((8000, 16), dtype=np.uint16)
        objective = ReplacedTokens(model, detector, random_windows(40), random_windows(4), near, 1, 30, 1.0)
        batch = objective.batch(0)
        self.assertGreater(len(batch.pieces), 1)
        with mock.patch("objectives.PIECE_TOKENS", 30 * LENGTH):
            (whole,) = objective.batch(0).pieces
        self.assertAlmostEqual(sum(piece().item() for piece in batch.pieces), whole().item(), places=5)
        self.assertEqual(set(objective.held_out(thorough=False)), {"heldOutReplacedAuc"})


class Embeddings(unittest.TestCase):
    def test_pairs_are_counted_both_ways_and_weighted_by_distance(self):
        counts = count_pairs(np.array([5, 6, 7], dtype=np.uint16))
        self.assertEqual((counts[5, 6], counts[6, 5], counts[5, 7]), (1.0, 1.0, 0.5))
        self.assertEqual(counts.sum(), 5.0)

    def test_mutual_information_is_positive_where_pairs_exceed_chance(self):
        information = positive_mutual_information(np.array([[8.0, 1.0], [1.0, 8.0]], dtype=np.float32))
        self.assertGreater(information[0, 0], 0.5)
        self.assertEqual(information[0, 1], 0.0)


if __name__ == "__main__":
    unittest.main()
