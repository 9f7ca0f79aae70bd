"""Fits the confidence on held-back families: `python -m bot.understanding.fit` rewrites calibration.toml."""

from sklearn.linear_model import LogisticRegression

from bot.understanding.calibration import CALIBRATION, thresholds
from bot.understanding.exam import guesses_of_all_folds


def main() -> None:
    told = [(line, guess) for line, guess in guesses_of_all_folds() if guess.signs]
    right = [line.intent == guess.intent for line, guess in told]
    curve = LogisticRegression(C=10.0).fit([guess.signs for _, guess in told], right)
    sure, maybe = thresholds()
    weights = ", ".join(f"{weight:.3f}" for weight in curve.coef_[0])
    CALIBRATION.write_text(
        "# fitted by: python -m bot.understanding.fit (but for the thresholds, which are chosen)\n"
        f"sure = {sure}\nmaybe = {maybe}\nstart = {curve.intercept_[0]:.3f}\nweights = [{weights}]\n",
        encoding="utf-8",
    )
    beliefs = curve.predict_proba([guess.signs for _, guess in told])[:, 1]
    print(f"{len(told)} messages, {sum(right) / len(told):.1%} right")
    for threshold in (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95):
        sure_of = [ok for ok, belief in zip(right, beliefs, strict=True) if belief >= threshold]
        wrong = sum(not ok for ok in sure_of)
        print(f"  from {threshold}: sure of {len(sure_of) / len(told):.1%}, sure but wrong {wrong / len(told):.2%}")


if __name__ == "__main__":
    main()
