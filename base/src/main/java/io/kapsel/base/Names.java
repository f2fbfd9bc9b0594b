package io.kapsel.base;

import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Names for things whose owner gave none, such as {@code brisk_heron}; and which names are valid.
 */
public final class Names {
  private static final int TRIES = 64;
  private static final int LONGEST = 200;
  private static final Pattern VALID = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]+");

  private static final List<String> QUALITIES =
      words(
          """
          agile airy alert amber ample apt balmy bold brave bright brisk broad bubbly calm candid
          chatty cheery chief civil clean clear clever cool cosy crisp curious daring deft direct
          dotted eager early earnest easy even exact fair fancy fine firm fleet fluent fond frank
          free fresh frosty gentle giddy glad golden good grand great green happy hardy hasty
          honest humble jolly keen kind large late light lively loyal lucid lucky lunar mellow
          merry mild mindful modest nimble noble novel open patient plain polite proud pure quick
          quiet rapid rare ready robust rosy round royal rural sage salty sandy serene sharp shiny
          silent silver simple smart smooth snowy sober solar solid spry stable steady still
          stout sturdy subtle sunny supple sure swift tidy tranquil trusty upbeat valid vast
          vivid warm wary wild willing windy wise witty worthy zesty
          """);

  private static final List<String> BEARERS =
      words(
          """
          acorn adder alder alpaca anchor ant apple ash aspen badger bamboo barley basil bat bay
          beach bear beaver bee beech beetle birch bison boar brook buffalo bunting camel canyon
          carp cedar cherry clover coast cobra condor coral crab crane creek cricket crow curlew
          cypress daisy deer delta dingo dolphin dove dragon duck dune eagle eel egret elk elm
          falcon fern ferret fig finch fir fjord fox frog gale gazelle gecko geyser glacier
          goose grouse gull hare harbor hawk hazel heron holly hornet ibex ibis iris island
          ivy jackal jaguar jay juniper kelp kestrel kite kiwi koala lagoon lark laurel lemur
          lilac lily linden llama lotus lynx magpie mango maple marlin marten meadow mink mole
          moose moss moth newt oak oasis olive orca orchid osprey otter owl oyster panda parrot
          peach pear pelican pepper perch pigeon pine plover plum poplar puffin quail rabbit
          raven reef ridge river robin rook rowan salmon seal shark shrew sparrow spruce squid
          stork summit swallow swan tapir tern thistle thrush tiger toad trout tulip turtle
          valley viper vole walnut walrus wasp weasel whale willow wolf wombat wren yak yew zebra
          """);

  private Names() {}

  /** A name that {@code taken} does not know; a number is added when pairs run short. */
  public static String generate(Random random, Predicate<String> taken) {
    String name = pair(random);
    for (int i = 0; i < TRIES && taken.test(name); i++) {
      name = pair(random);
    }
    String candidate = name;
    for (int number = 2; taken.test(candidate); number++) {
      candidate = name + number;
    }
    return candidate;
  }

  /** Whether {@code name} may be given: two to 200 letters, digits, and inside it {@code _.-}. */
  public static boolean isValid(String name) {
    return name.length() <= LONGEST && VALID.matcher(name).matches();
  }

  private static String pair(Random random) {
    return QUALITIES.get(random.nextInt(QUALITIES.size()))
        + "_"
        + BEARERS.get(random.nextInt(BEARERS.size()));
  }

  private static List<String> words(String text) {
    return List.of(text.strip().split("\\s+"));
  }
}
