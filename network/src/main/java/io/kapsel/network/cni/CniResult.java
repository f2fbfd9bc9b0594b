package io.kapsel.network.cni;

import io.kapsel.base.JsonException;
import io.kapsel.base.JsonTree;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.MacAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What plugins have made for a container, as far as the engine needs it (section 5 of the
 * specification, "Success").
 *
 * @param text the whole of it
 * @param names who is asked for names, and how
 */
public record CniResult(
    String text,
    Optional<String> mac,
    Optional<String> ipv4,
    Optional<String> ipv6,
    CniNames names) {

  private static final Pattern WORD = Pattern.compile("[a-zA-Z0-9_.:-]{1,253}");

  /** Reads what the last plugin answered about the link {@code inside}. */
  static CniResult parse(String text, String inside) {
    try {
      Map<String, Object> all =
          CniList.object(JsonTree.read(text.getBytes(StandardCharsets.UTF_8)));
      List<Map<String, Object>> interfaces = objects(all.get("interfaces"));
      Optional<String> mac =
          interfaces.stream()
              .filter(each -> isInside(each, inside))
              .flatMap(each -> CniList.text(each, "mac").stream())
              .map(it -> new MacAddress(it).text())
              .findFirst();
      List<String> addresses = addresses(all, interfaces, inside);
      return new CniResult(
          text,
          mac,
          addresses.stream().filter(it -> !it.contains(":")).findFirst(),
          addresses.stream().filter(it -> it.contains(":")).findFirst(),
          names(all));
    } catch (JsonException | IllegalArgumentException e) {
      throw new CniException("its result makes no sense: " + e.getMessage(), e);
    }
  }

  private static boolean isInside(Map<String, Object> link, String inside) {
    return CniList.text(link, "sandbox").filter(it -> !it.isEmpty()).isPresent()
        && CniList.text(link, "name").filter(inside::equals).isPresent();
  }

  /** Those of the link; an address that names no link is taken for one of it. */
  private static List<String> addresses(
      Map<String, Object> all, List<Map<String, Object>> interfaces, String inside) {
    List<String> addresses = new ArrayList<>();
    for (Map<String, Object> each : objects(all.get("ips"))) {
      boolean own =
          !(each.get("interface") instanceof Long index)
              || (index >= 0
                  && index < interfaces.size()
                  && isInside(interfaces.get(index.intValue()), inside));
      if (own) {
        String address = CniList.text(each, "address").orElse("");
        addresses.add(Cidr.text(Cidr.parse(address).address()));
      }
    }
    return addresses;
  }

  private static CniNames names(Map<String, Object> all) {
    if (!(all.get("dns") instanceof Map<?, ?> dns)) {
      return CniNames.NONE;
    }
    List<String> search = new ArrayList<>(texts(dns.get("search")));
    if (dns.get("domain") instanceof String domain && !search.contains(domain)) {
      search.addFirst(domain);
    }
    List<String> servers =
        texts(dns.get("nameservers")).stream().map(it -> Cidr.text(Cidr.address(it))).toList();
    List<String> options = texts(dns.get("options"));
    Stream.concat(search.stream(), options.stream())
        .filter(it -> !WORD.matcher(it).matches())
        .findFirst()
        .ifPresent(it -> {
          throw new IllegalArgumentException("'" + it + "' in its dns");
        });
    return new CniNames(servers, search, options);
  }

  private static List<String> texts(@Nullable Object value) {
    return value instanceof List<?> all ? all.stream().map(String::valueOf).toList() : List.of();
  }

  private static List<Map<String, Object>> objects(@Nullable Object value) {
    return value instanceof List<?> list ? list.stream().map(CniList::object).toList() : List.of();
  }
}
