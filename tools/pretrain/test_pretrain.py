"""python -m unittest, in this folder: the parts of the recipe whose mistakes a training run would hide."""

import unittest

import numpy as np
import torch
from transformers import T5Config, T5ForConditionalGeneration

from batches import Batches
from embeddings import count_pairs, positive_mutual_information
from export import hugging_face_config, hugging_face_weights
from model import T5, Config
from optimiser import orthogonalise, schedule
from span_corruption import corrupt, lengths_for, window_for
from vocabulary import EOS_ID, FIRST_SENTINEL_ID, NUM_PIECES
from workers import Workers

CPU = torch.device("cpu")


def random_windows(count: int, length: int = 141) -> np.ndarray:
    return np.random.default_rng(0).integers(3, NUM_PIECES, (count, length)).astype(np.uint16)


class SpanCorruption(unittest.TestCase):
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


class Training(unittest.TestCase):
    def test_a_position_names_its_batch(self):
        windows = random_windows(50)
        straight = Batches(windows, 8, seed=1, device=CPU)
        seen = [straight.at(position)[0] for position in range(0, 96, 8)]
        resumed = Batches(windows, 8, seed=1, device=CPU)
        self.assertTrue(torch.equal(resumed.at(56)[0], seen[7]))
        self.assertFalse(torch.equal(seen[0], seen[6]), "the second pass has an order of its own")

    def test_pieces_give_the_gradients_of_the_batch(self):
        torch.manual_seed(0)
        model = T5(Config(d_model=32, d_ff=64, d_kv=8, num_layers=1))
        inputs, targets = map(torch.from_numpy, corrupt(random_windows(15), np.random.default_rng(1)))
        loss = Workers(2).loss_and_gradients(model, inputs, targets)
        pieces = [parameter.grad.clone() for parameter in model.parameters()]
        whole = model(inputs, targets)
        expected = torch.autograd.grad(whole, list(model.parameters()))
        self.assertAlmostEqual(loss.item(), whole.item(), places=4)
        for got, want in zip(pieces, expected, strict=True):
            self.assertLess((got - want).abs().max(), 1e-4 * max(1.0, want.abs().max().item()))

    def test_orthogonalise_brings_singular_values_near_one(self):
        torch.manual_seed(0)
        values = torch.linalg.svdvals(orthogonalise(torch.randn(2, 64, 256)))
        self.assertLess((values - 1).abs().max(), 0.2)

    def test_schedule_warms_up_stays_and_ends_at_zero(self):
        self.assertAlmostEqual(schedule(0, 0.0), 0.01)
        self.assertEqual(schedule(1000, 0.3), 1.0)
        self.assertAlmostEqual(schedule(1000, 0.7), 0.5)
        self.assertEqual(schedule(1000, 1.0), 0.0)


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
