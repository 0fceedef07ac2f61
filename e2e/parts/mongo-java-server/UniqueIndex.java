import de.bwaldvogel.mongo.backend.AbstractUniqueIndex;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A unique index in memory, made anew with the server: in the store, each comparison would serialise both keys. */
final class UniqueIndex extends AbstractUniqueIndex<Object> {
  private final Map<KeyValue, Object> places = new ConcurrentHashMap<>();

  UniqueIndex(String name, List<IndexKey> keys, boolean sparse) {
    super(name, keys, sparse);
  }

  @Override
  protected Object removeDocument(KeyValue key) {
    return places.remove(key);
  }

  @Override
  protected boolean putKeyPosition(KeyValue key, Object position) {
    return places.putIfAbsent(key, Missing.ofNullable(position)) == null;
  }

  @Override
  protected Iterable<Map.Entry<KeyValue, Object>> getIterable() {
    return places.entrySet();
  }

  @Override
  protected Object getPosition(KeyValue key) {
    return places.get(key);
  }

  @Override
  public long getCount() {
    return places.size();
  }

  @Override
  public long getDataSize() {
    return getCount();
  }
}
