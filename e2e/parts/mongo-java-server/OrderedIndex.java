import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.bson.BsonRegularExpression;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * An index that is not unique: the server takes none, and would look at every document. It is in memory, and made
 * anew with the server. What it finds is all that may match, and the server still looks at each.
 */
final class OrderedIndex extends Index<Object> {
  /** After all values. */
  private static final Object end = new Object();
  private static final Set<String> lower = Set.of("$gt", "$gte");
  private static final Set<String> upper = Set.of("$lt", "$lte");

  /** By the values of the keys, then by _id. */
  private final ConcurrentNavigableMap<List<Object>, Object> places = new ConcurrentSkipListMap<>(this::compare);
  /** Lists have a place for each of what they hold: this index is no help for documents with such. */
  private boolean hasLists = false;

  OrderedIndex(String name, List<IndexKey> keys) {
    // Sparse: it may be without a document that the collection has.
    super(name, keys, true);
  }

  /** A part of an index; `fit` tells which of several is the best, 0 is none. */
  record Range(Collection<Object> places, int fit, boolean isSorted) {}

  /** The part that holds what a query asks for, in its order where that is the order of the index. */
  Range rangeOf(Map<String, Object> query, Document orderBy) {
    List<Object> from = new ArrayList<>();
    List<Object> to = new ArrayList<>();
    int fit = 0;
    for (IndexKey key : getKeys()) {
      Object asked = query.get(key.getKey());
      if (isOne(asked)) {
        from.add(asked);
        to.add(asked);
        fit += 3;
        continue;
      }
      if (asked instanceof Document bounds) {
        for (Map.Entry<String, Object> bound : bounds.entrySet()) {
          boolean isLower = lower.contains(bound.getKey());
          if (!isOne(bound.getValue()) || !(isLower || upper.contains(bound.getKey()))) continue;
          List<Object> side = isLower == key.isAscending() ? from : to;
          if (side.size() == fit / 3) side.add(bound.getValue());
        }
        if (from.size() + to.size() > 2 * (fit / 3)) fit += 1;
      }
      break;
    }
    int order = hasLists ? 0 : orderOf(orderBy, fit / 3);
    if (order != 0) fit += 1;
    to.add(end);
    var part = places.subMap(from, true, to, true);
    return new Range((order < 0 ? part.descendingMap() : part).values(), hasLists ? 0 : fit, order != 0);
  }

  /** 1 when documents are asked for in the order of this index, -1 in the opposite one, 0 in another or none. */
  private int orderOf(Document orderBy, int fixed) {
    if (orderBy == null || orderBy.isEmpty()) return 0;
    Iterator<IndexKey> keys = getKeys().subList(fixed, getKeys().size()).iterator();
    int order = 0;
    for (Map.Entry<String, Object> asked : orderBy.entrySet()) {
      if (!keys.hasNext()) return 0;
      IndexKey key = keys.next();
      if (!key.getKey().equals(asked.getKey())) return 0;
      int its = ((Number) asked.getValue()).intValue() * (key.isAscending() ? 1 : -1);
      if (order != 0 && its != order) return 0;
      order = its;
    }
    return order;
  }

  // Any other may be equal to more than itself, as null is to a field that is missing.
  private static boolean isOne(Object value) {
    return value != null
        && !(value instanceof Document || value instanceof Collection)
        && !BsonRegularExpression.isRegularExpression(value);
  }

  private int compare(List<Object> one, List<Object> other) {
    for (int at = 0; at < Math.min(one.size(), other.size()); at += 1) {
      Object a = one.get(at);
      Object b = other.get(at);
      if (a == end || b == end) return a == b ? 0 : a == end ? 1 : -1;
      int order = compareValues(a, b);
      if (order != 0) return at < getKeys().size() && !getKeys().get(at).isAscending() ? -order : order;
    }
    return Integer.compare(one.size(), other.size());
  }

  private static int compareValues(Object one, Object other) {
    // Nearly all; the other way is far longer.
    if (one instanceof String a && other instanceof String b) return a.compareTo(b);
    if (one instanceof Integer a && other instanceof Integer b) return Integer.compare(a, b);
    return ValueComparator.asc().compare(one, other);
  }

  private List<Object> placeOf(Document document) {
    List<Object> place = new ArrayList<>(getKeys().size() + 1);
    for (IndexKey key : getKeys()) {
      Object value = document;
      for (String name : key.getKey().split("\\.")) {
        value = value instanceof Document inner ? inner.get(name) : null;
        if (value instanceof Collection) return null;
      }
      place.add(value);
    }
    place.add(document.get("_id"));
    return place;
  }

  @Override
  public void add(Document document, Object position, MongoCollection<Object> collection) {
    List<Object> place = placeOf(document);
    if (place == null) hasLists = true;
    else places.put(place, position);
  }

  @Override
  public Object remove(Document document) {
    List<Object> place = placeOf(document);
    return place == null ? null : places.remove(place);
  }

  @Override
  public void updateInPlace(Document before, Document after, Object position, MongoCollection<Object> collection) {
    List<Object> place = placeOf(before);
    if (place != null && place.equals(placeOf(after))) return;
    remove(before);
    add(after, position, collection);
  }

  @Override
  public Object getPosition(Document document) {
    return null;
  }

  @Override
  public boolean canHandle(Document query) {
    return false;
  }

  @Override
  public Iterable<Object> getPositions(Document query) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long getCount() {
    return places.size();
  }

  @Override
  public long getDataSize() {
    return getCount();
  }

  @Override
  public void checkAdd(Document document, MongoCollection<Object> collection) {}

  @Override
  public void checkUpdate(Document before, Document after, MongoCollection<Object> collection) {}

  @Override
  public void drop() {
    places.clear();
  }
}
