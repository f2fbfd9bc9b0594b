package io.kapsel.cli.command;

import java.util.List;

/** What was removed. */
record Pruned(List<String> names, long bytes) {
  void tell(Call call, String title) {
    if (!names.isEmpty()) {
      call.print(title);
      names.forEach(call::print);
      call.print("");
    }
  }
}
