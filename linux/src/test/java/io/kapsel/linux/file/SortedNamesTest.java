package io.kapsel.linux.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SortedNamesTest {
  @TempDir Path upper;
  @TempDir Path lower;

  private static List<String> read(SortedNames names, int most) {
    List<String> all = new ArrayList<>();
    for (Map<String, List<Fd>> some = names.next(); !some.isEmpty(); some = names.next()) {
      assertThat(some).hasSizeLessThanOrEqualTo(most);
      some.forEach((name, directories) -> all.add(name + directories.size()));
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 100})
  void namesOfSeveralDirectoriesComeOnceAndInOrder(int most) throws Exception {
    for (String name : List.of("e", "a", "c")) {
      Files.createFile(upper.resolve(name));
    }
    for (String name : List.of("d", "c", "b", "f")) {
      Files.createFile(lower.resolve(name));
    }
    try (Fd first = Open.path(upper.toString(), OpenFlags.DIRECTORY);
        Fd second = Open.path(lower.toString(), OpenFlags.DIRECTORY)) {
      assertThat(read(new SortedNames(List.of(first, second), most), most))
          .containsExactly("a1", "b1", "c2", "d1", "e1", "f1");
    }
  }

  @Test
  void emptyDirectoriesHaveNone() {
    try (Fd empty = Open.path(upper.toString(), OpenFlags.DIRECTORY)) {
      assertThat(read(new SortedNames(List.of(empty), 3), 3)).isEmpty();
      assertThat(Entries.isEmpty(empty)).isTrue();
    }
  }
}
