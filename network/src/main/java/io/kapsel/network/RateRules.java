package io.kapsel.network;

import io.kapsel.linux.nftables.Batch;
import io.kapsel.linux.nftables.Field;
import io.kapsel.linux.nftables.NamedSet;
import io.kapsel.linux.nftables.Rule;
import io.kapsel.linux.nftables.Table;
import io.kapsel.linux.nftables.Verdict;
import java.util.List;

/**
 * How much a container may put on its wire: what is more is dropped, and whoever sends it slows
 * down. What it gets is shaped on its link instead, where packets can wait.
 */
final class RateRules {
  private static final long BURST_OF = 20; // parts of a second
  private static final long LEAST_BURST = 192 * 1024;

  private final Table table;
  private final NamedSet rates;

  RateRules(Table table) {
    this.table = table;
    this.rates = NamedSet.of(table, "rates", Field.LINK).toVerdicts();
  }

  void define(Batch batch, String chain) {
    batch.set(rates);
    batch.rule(table, chain, new Rule().load(Rule.Meta.IN, 0).decide(rates, 0));
  }

  void add(Batch batch, Card card) {
    card.out()
        .ifPresent(bits -> {
          long rate = bits / 8;
          int burst = (int) Math.min(Integer.MAX_VALUE, Math.max(LEAST_BURST, rate / BURST_OF));
          batch.chain(table, chain(card));
          Rule more = new Rule().moreThan(rate, burst).count().then(Verdict.DROP);
          batch.rule(table, chain(card), more);
          batch.elements(rates, List.of(element(card, Verdict.jump(chain(card)))));
        });
  }

  void remove(Batch batch, Card card) {
    if (card.out().isPresent()) {
      batch.removeElements(rates, List.of(element(card, Verdict.NONE)));
      batch.removeChain(table, chain(card));
    }
  }

  private static String chain(Card card) {
    return "rate_" + card.endpoint().link();
  }

  private NamedSet.Element element(Card card, Verdict verdict) {
    return rates.element(verdict, Rule.name(card.endpoint().link()));
  }
}
